"""What the processes tell of themselves: log files, each with its own filter, and traces."""
