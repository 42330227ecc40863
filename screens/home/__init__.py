"""The home: the iterations, the pipeline above them, and the page of the chosen one."""
