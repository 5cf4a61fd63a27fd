"""Formats that Django uses where no template says how: in its admin."""
