"""The API resources: what each one offers, and all of them as attributes of a client."""
