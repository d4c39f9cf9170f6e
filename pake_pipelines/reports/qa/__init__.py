"""The QA report: how far the knowledge base can be trusted."""
