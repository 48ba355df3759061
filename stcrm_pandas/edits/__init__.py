"""Bulk edits: compare two frames, plan the requests that make the change, apply the plan, and undo it."""
