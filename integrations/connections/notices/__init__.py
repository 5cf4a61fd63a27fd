"""Notices about connections, by mail and chat."""
