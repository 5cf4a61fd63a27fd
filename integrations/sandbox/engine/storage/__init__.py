"""The SQLite file: connections, the tables of a resource, and reading and writing records."""
