"""What several reports show alike: stretches of time, services, alerts, failures, forecasts, how Dagster stands."""
