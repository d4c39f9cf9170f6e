"""Benchmarks: `python -m benchmarks.NAME` measures one thing beside a peer and prints one JSON object on stdout.

The table for people goes to stderr. Peers run in the same process tree, alternating, medians of several rounds. The
figures' names are fixed, so that they can be followed over time.
"""
