"""Who is not blocked in ServiceTitan, by purpose and channel."""
