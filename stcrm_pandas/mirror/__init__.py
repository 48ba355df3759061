"""A local copy of the service, with every version of every row."""
