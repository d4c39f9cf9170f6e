"""What figures over time tell: trends, anomalies, forecasts, quiet hours. Pure functions that know no clock."""
