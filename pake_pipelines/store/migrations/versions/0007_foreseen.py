"""Foresight: what was found odd, what is expected, and what analyses came to.

Revision ID: 0007
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

UPGRADE = """
SET LOCAL search_path = pake, public;

-- an episode in which a series did what it does not do; one row from its first odd point until it is over
CREATE TABLE anomalies (
    anomaly_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    metric        text NOT NULL,
    labels        jsonb NOT NULL DEFAULT '{}',
    kind          text NOT NULL,
    started_at    timestamptz NOT NULL,
    last_at       timestamptz NOT NULL,
    peak_at       timestamptz NOT NULL,
    ended_at      timestamptz,
    score         double precision NOT NULL CHECK (score BETWEEN 0 AND 1),
    value         double precision NOT NULL,
    expected_low  double precision,
    expected_high double precision,
    found_at      timestamptz NOT NULL,
    UNIQUE (metric, labels, started_at)
);
CREATE INDEX ON anomalies (started_at DESC);
CREATE INDEX ON anomalies (metric, labels) WHERE ended_at IS NULL;

-- what a series is expected to be, and when it reaches its limit; `reason` says why there is no date, or no forecast
CREATE TABLE forecasts (
    metric        text NOT NULL,
    labels        jsonb NOT NULL DEFAULT '{}',
    made_at       timestamptz NOT NULL,
    run_id        text NOT NULL DEFAULT '',
    model         text NOT NULL,
    unit          text NOT NULL,
    readings      integer NOT NULL,
    slope_per_day double precision,
    points        jsonb NOT NULL,
    limit_value   double precision,
    reaches_at    timestamptz,
    reaches_early timestamptz,
    reaches_late  timestamptz,
    reason        text NOT NULL DEFAULT '',
    PRIMARY KEY (metric, labels, made_at)
);
CREATE INDEX ON forecasts (made_at);

-- the outcome of every other analysis: trends, quiet hours, frequencies, regressions, insights
CREATE TABLE analyses (
    kind    text NOT NULL,
    subject text NOT NULL,
    made_at timestamptz NOT NULL,
    run_id  text NOT NULL DEFAULT '',
    result  jsonb NOT NULL,
    PRIMARY KEY (kind, subject, made_at)
);
CREATE INDEX ON analyses (made_at);
"""


def upgrade() -> None:
    """Add tables."""
    op.get_bind().exec_driver_sql(UPGRADE)


def downgrade() -> None:
    """Going back would lose what was found; restore a backup if that is meant."""
    raise NotImplementedError("going back would lose anomalies and forecasts: restore a backup")
