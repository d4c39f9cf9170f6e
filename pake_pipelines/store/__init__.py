"""Floor 1: all state. The databases and every SQL statement, one module per table family, and the raw archive."""
