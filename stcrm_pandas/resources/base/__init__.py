"""What resources have in common: one class per set of methods."""
