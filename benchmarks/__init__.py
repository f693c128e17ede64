"""Speeds, each beside its floor or peer in the same run: `make bench`, or one: `python -m benchmarks no_vig`."""
