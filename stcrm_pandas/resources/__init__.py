"""The helpers, a class for each family of the service's resources."""
