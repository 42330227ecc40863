"""The demo cluster's API server: what an API server answers, from a store of objects in memory."""
