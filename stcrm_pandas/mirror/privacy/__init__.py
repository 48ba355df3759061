"""Erase people from a mirror, delete old versions, and copy a mirror without personal data."""
