"""The CRM of ServiceTitan in pandas."""
