"""The data a new sandbox starts with, made from a random seed."""
