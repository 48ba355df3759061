"""Requests and responses: pure functions first, then session, tokens and cache."""
