"""The engine: one implementation of create, read, update, delete and list for every declared resource."""
