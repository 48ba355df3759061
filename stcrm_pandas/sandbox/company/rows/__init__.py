"""The rows of the demo company, as the service returns them."""
