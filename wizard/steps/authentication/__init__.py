"""Iteration 3, initial authentication: a session that the cluster's icloudpd accepts."""
