"""Iteration 2, credentials and config: what icloudpd signs in with, and when and how it runs."""
