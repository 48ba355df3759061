"""The settings of a connection, and how far their sources are trusted."""
