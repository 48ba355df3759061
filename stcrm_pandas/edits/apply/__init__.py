"""Sending a plan: fresh rows, requests, the journal, undo."""
