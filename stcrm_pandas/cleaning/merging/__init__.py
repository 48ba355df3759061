"""Merges of duplicate customers, which are made in ServiceTitan: what to do before, and what is done after."""
