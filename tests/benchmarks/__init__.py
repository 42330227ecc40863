"""Measures what the product promises of time and memory, side by side in one run: `python -m tests.benchmarks`."""
