"""Changes and the requests that make them. Pure."""
