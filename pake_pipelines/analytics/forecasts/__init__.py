"""Forecasts of figures with intervals, and when a limit is reached; "no date" where nothing goes there."""

from pake_pipelines.analytics.forecasts.crossing import Crossing, days_to
from pake_pipelines.analytics.forecasts.forecast import Forecast, ForecastPoint, forecast
from pake_pipelines.analytics.forecasts.series import Reading

__all__ = ["Crossing", "Forecast", "ForecastPoint", "Reading", "days_to", "forecast"]
