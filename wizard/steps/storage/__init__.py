"""Iteration 1, storage: the namespace and the claims."""
