"""How resources are declared: fields, relationships, filters, hooks, ids and values."""
