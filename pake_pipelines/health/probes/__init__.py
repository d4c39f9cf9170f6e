"""One module for each kind of probe: how it asks, and how it judges the answer."""
