"""Audits: what is configured in a way that it should not be, and what is known to be vulnerable."""
