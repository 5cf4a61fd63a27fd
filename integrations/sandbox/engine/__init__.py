"""The engine: create, read, update, delete and list, implemented once for every declared resource."""
