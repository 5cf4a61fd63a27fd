"""Budgets of calls and tokens, and who uses them next."""
