"""How polite the reader is: a simulated week at servers that note every request, and the rules they judge it by."""
