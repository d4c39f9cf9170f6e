"""A collection of items whose truth is known: copies made by edits, and hard negatives that only look like copies."""
