"""What all tables of the demo company share: random streams, JSON cells, times, people, reference data, the world."""
