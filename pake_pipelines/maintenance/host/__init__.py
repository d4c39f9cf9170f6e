"""Reports about the machine. They look and change nothing."""
