"""Who did what, when: an append-only record that holds ids only."""
