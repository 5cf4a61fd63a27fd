"""Lists: filters, sort orders and pages, and the in-memory index behind the large ones."""
