"""Random draws of what happens in the demo company, as columns of numbers."""
