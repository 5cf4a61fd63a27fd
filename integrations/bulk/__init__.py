"""Edits of many contacts: plan them, look at them, apply them, and undo them. Nothing else writes to Total Expert."""
