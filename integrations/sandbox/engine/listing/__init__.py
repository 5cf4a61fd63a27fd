"""Lists: filters, sort orders, pages, and an in-memory index for large resources."""
