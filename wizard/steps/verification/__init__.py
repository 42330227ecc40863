"""Iteration 7, verification: photos have come all the way."""
