"""What becomes of bookings, by source."""
