"""The parts of the bundle that `pake diagnose` makes: each is had by itself, or named with the cause why not."""
