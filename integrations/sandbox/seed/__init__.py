"""The data of a new sandbox, made from a random seed."""
