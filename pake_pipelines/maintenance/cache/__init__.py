"""The cache's upkeep: when it is cleaned and how far, by which policy, and how that policy is chosen."""
