"""The service over HTTP: sign-in, reads, filters, writes, and faults on request."""
