"""Web APIs with an address for every question: arXiv, Hacker News, Reddit."""
