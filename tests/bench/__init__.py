"""Benchmarks: each module here measures figures that have a target. `make bench` runs them."""
