"""Kinds of jobs that only tests know, for the worker processes that tests start."""
