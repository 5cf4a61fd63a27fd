"""The frame of every page, Home, probes, metrics and system checks."""
