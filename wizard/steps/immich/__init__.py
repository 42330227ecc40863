"""Iteration 5, Immich: it answers, and sees the photos."""
