"""Commands that clean up a company's data."""
