"""The audit: what is wrong in a company's data, what it costs the numbers, and what repairs it."""
