"""What is foreseen, as assets: trends, anomalies, forecasts, quiet hours, frequencies, regressions, insights."""
