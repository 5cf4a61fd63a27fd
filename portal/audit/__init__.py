"""The audit log: who did what, and when. Append-only, and without personal data."""
