"""Floor 3: starting, stopping and restarting services in the order of their dependencies, and healing with bounds."""
