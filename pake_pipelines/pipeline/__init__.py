"""Floor 3: the knowledge stages. Each reads rows, calls pure functions, writes rows in a transaction, and counts."""
