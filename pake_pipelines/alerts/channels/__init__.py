"""Ways out for messages: log, e-mail, Slack, webhook, and what apprise speaks to."""
