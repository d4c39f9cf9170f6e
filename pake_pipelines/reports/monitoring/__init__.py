"""The monitoring report: services, figures, alerts, incidents."""
