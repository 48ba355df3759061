"""The settings of a connection, and how much each source is trusted."""
