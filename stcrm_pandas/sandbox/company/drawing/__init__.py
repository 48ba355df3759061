"""What happens in the demo company, as columns of numbers: everything random is drawn here."""
