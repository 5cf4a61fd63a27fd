"""Customers, the people who work for them or with them, and who may see and do what."""
