"""The monthly detailed report: the month day by day, beside the month before."""
