"""Edit a frame in JupyterLab: a grid that logs each edit to disk before it acknowledges it."""
