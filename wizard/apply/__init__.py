"""Changes the cluster: carries out Actions, and hands a session over to the config claim. Decides nothing by itself."""
