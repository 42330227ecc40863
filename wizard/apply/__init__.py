"""Changes the cluster, as a plan says. Decides nothing by itself."""
