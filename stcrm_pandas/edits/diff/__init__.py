"""What differs between two frames, cell by cell. Pure."""
