"""The pipeline from invitation to live: connect, verify, first sync."""
