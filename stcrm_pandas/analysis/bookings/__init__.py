"""Outcomes of bookings by source."""
