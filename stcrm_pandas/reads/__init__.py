"""Complete reads: pagination, generations, feeds, progress; and the one write."""
