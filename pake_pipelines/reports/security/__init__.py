"""The security report: what was refused, what audits found, and what is open."""
