"""How a resource is described: fields, relationships, filters, hooks, ids and values."""
