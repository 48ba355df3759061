"""Which campaigns bring work: leads, bookings and first-contact jobs, each chain once."""
