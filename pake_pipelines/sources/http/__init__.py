"""The only way out: guarded, polite HTTP for content. `client` is the door, the others are behind it."""
