"""The insights: what is odd, what declines, what grows, and what comes next."""
