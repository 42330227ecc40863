"""Iteration 4, Argo CD: what is in git is what is in the cluster."""
