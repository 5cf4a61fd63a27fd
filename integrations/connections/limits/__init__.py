"""Rate limits of calls and token requests, and the order of token requests."""
