"""The methods of a connection, a class for each family of the API's resources."""
