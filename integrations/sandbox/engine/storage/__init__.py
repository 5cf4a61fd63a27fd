"""The SQLite file: connections, tables and records."""
