"""Who is not blocked in ServiceTitan, for what and by which channel."""
