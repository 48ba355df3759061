"""Which campaigns bring in jobs: leads, bookings and jobs booked on first contact, each chain counted once."""
