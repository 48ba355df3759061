"""Contact preferences: how many customers are not blocked in ServiceTitan, by purpose and channel."""
