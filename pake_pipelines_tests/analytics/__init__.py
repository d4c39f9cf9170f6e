"""Tests of the room `analytics`."""
