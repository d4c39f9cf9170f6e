"""Peers of the forecast: how others say when something is full, on the same readings."""

import warnings
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from benchmarks.forecast_series import Floats

_FURTHEST: Final = 365.0


def least_squares(days: Floats, values: Floats, limit: float) -> float | None:
    """Days from the last reading until a least-squares line reaches the limit (`predict_linear` of Prometheus)."""
    slope, start = np.polyfit(days, values, 1)
    return _ahead(float(limit - start - slope * days[-1]), float(slope))


def naive_drift(days: Floats, values: Floats, limit: float) -> float | None:
    """Days until the line from the first reading through the last reaches the limit."""
    return _ahead(float(limit - values[-1]), float((values[-1] - values[0]) / (days[-1] - days[0])))


def holt(days: Floats, values: Floats, limit: float) -> float | None:
    """Days until the damped trend of `statsmodels` reaches the limit, on a value a day."""
    from statsmodels.tsa.holtwinters import ExponentialSmoothing

    grid = np.arange(days[0], days[-1] + 0.5)
    with warnings.catch_warnings():
        # it says of some series that its search did not converge, and answers all the same
        warnings.simplefilter("ignore")
        fitted = ExponentialSmoothing(np.interp(grid, days, values), trend="add", damped_trend=True).fit()
    over = np.flatnonzero(fitted.forecast(int(_FURTHEST)) >= limit)
    return float(over[0] + 1) if len(over) else None


def peers() -> Mapping[str, Callable[[Floats, Floats, float], float | None] | None]:
    """The peers by name; None for one that is not installed."""
    found: dict[str, Any] = {"least_squares": least_squares, "naive_drift": naive_drift}
    try:
        import statsmodels  # noqa: F401

        found["statsmodels_damped_holt"] = holt
    except ImportError:
        found["statsmodels_damped_holt"] = None
    return found


def _ahead(missing: float, slope: float) -> float | None:
    if missing <= 0:
        return 0.0
    days = missing / slope if slope > 0 else _FURTHEST + 1
    return days if days <= _FURTHEST else None
