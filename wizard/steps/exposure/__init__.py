"""Iteration 6, external exposure: a way in from outside."""
