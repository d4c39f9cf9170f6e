"""Foresight: analytics carried out over the stored samples, and what they find kept in the database."""
