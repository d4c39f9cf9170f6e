"""The duplicates stage as a whole: under concurrent and killed runs, over the life of items, on bad input."""
