"""What the pages of Django's admin share: read-only rows, actions, filters and paging."""
