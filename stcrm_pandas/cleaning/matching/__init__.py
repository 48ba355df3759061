"""Which customers are the same: normal forms, candidates, comparisons, scores, kinds and clusters."""
