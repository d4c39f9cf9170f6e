"""Floor 2: probes of this machine and of what runs on it."""
