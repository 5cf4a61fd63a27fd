"""HTTP below the API: sessions, request and response formats, and the mapping of failures to the three errors."""
