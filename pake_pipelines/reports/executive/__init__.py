"""The weekly executive summary: one page for people who were elsewhere this week."""
