"""What families of methods have in common, a class for each ability."""
