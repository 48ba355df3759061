"""The methods of a connection: one class per resource of the API."""
