"""What is old moves into archive files that are read back before anything goes: items, reports, histories."""
