"""Edits of one contact: a form, and a plan of one row."""
