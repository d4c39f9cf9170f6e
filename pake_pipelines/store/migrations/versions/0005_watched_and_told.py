"""Health, metrics, alerts and their messages, incidents, restarts and recoveries.

Revision ID: 0005
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

UPGRADE = """
SET LOCAL search_path = pake, public;

-- what every probe found
CREATE TABLE health_samples (
    service     text NOT NULL,
    at          timestamptz NOT NULL,
    kind        text NOT NULL,
    critical    boolean NOT NULL,
    status      text NOT NULL CHECK (status IN ('healthy', 'degraded', 'unhealthy', 'critical', 'not_configured',
                                                'unknown')),
    response_ms double precision,
    http_status integer,
    detail      text NOT NULL,
    facts       jsonb,
    PRIMARY KEY (service, at)
);
CREATE INDEX health_samples_at ON health_samples USING brin (at);

CREATE TABLE metric_samples (
    metric text NOT NULL,
    labels jsonb NOT NULL DEFAULT '{}',
    at     timestamptz NOT NULL,
    value  double precision,
    unit   text NOT NULL,
    status text NOT NULL CHECK (status IN ('ok', 'unknown', 'unavailable')),
    detail text NOT NULL DEFAULT '',
    PRIMARY KEY (metric, labels, at),
    CHECK ((value IS NOT NULL) = (status = 'ok'))
);
-- not BRIN: rows pruned make room for new ones among old ones, after which a range of pages tells nothing
CREATE INDEX metric_samples_at ON metric_samples (at);

-- which failure it was, so that refused credentials and addresses can be counted without reading prose
ALTER TABLE ingestion_runs ADD COLUMN error_kind text, ADD COLUMN error_status integer;

-- when something of ours that must go on ticking last did, and what each rhythm remembers
CREATE TABLE monitor_ticks (
    name      text PRIMARY KEY,
    ticked_at timestamptz NOT NULL,
    seconds   double precision NOT NULL DEFAULT 0,
    memory    jsonb NOT NULL DEFAULT '{}'
);

-- a series that is not quiet: it is bad, or changed its state within the last 21 readings; all others have no row
CREATE TABLE alert_series (
    fingerprint   text PRIMARY KEY,
    rule          text NOT NULL,
    labels        jsonb NOT NULL,
    condition     text NOT NULL CHECK (condition IN ('ok', 'bad')),
    since         timestamptz NOT NULL,
    in_a_row      integer NOT NULL,
    history       integer NOT NULL,
    flapping      boolean NOT NULL DEFAULT false,
    closed_by_hand boolean NOT NULL DEFAULT false,
    value         double precision,
    detail        text NOT NULL DEFAULT '',
    read_at       timestamptz NOT NULL
);

-- an episode: from the first bad reading until it is resolved
CREATE TABLE alerts (
    alert_id         text PRIMARY KEY,
    fingerprint      text NOT NULL,
    rule             text NOT NULL,
    severity         text NOT NULL CHECK (severity IN ('info', 'warning', 'error', 'critical')),
    labels           jsonb NOT NULL,
    state            text NOT NULL CHECK (state IN ('pending', 'firing', 'resolved')),
    summary          text NOT NULL,
    value            double precision,
    recommendations  text[] NOT NULL DEFAULT '{}',
    runbook          text,
    metrics_snapshot jsonb NOT NULL DEFAULT '{}',
    started_at       timestamptz NOT NULL,
    fired_at         timestamptz,
    last_seen_at     timestamptz NOT NULL,
    flapping         boolean NOT NULL DEFAULT false,
    acknowledged_at  timestamptz,
    acknowledged_by  text,
    resolved_at      timestamptz,
    resolved_because text,
    group_key        text,
    CHECK ((resolved_at IS NOT NULL) = (state = 'resolved'))
);
CREATE UNIQUE INDEX alerts_open ON alerts (fingerprint) WHERE state <> 'resolved';
CREATE INDEX ON alerts (state, started_at DESC);
CREATE INDEX ON alerts (resolved_at) WHERE state = 'resolved';

-- every change of state, won by whoever could make it
CREATE TABLE alert_transitions (
    transition_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    alert_id      text NOT NULL REFERENCES alerts ON DELETE CASCADE,
    from_state    text,
    to_state      text NOT NULL,
    at            timestamptz NOT NULL,
    cause         text NOT NULL
);
CREATE INDEX ON alert_transitions (alert_id);

-- what each channel was told of each group
CREATE TABLE alert_groups (
    group_key       text NOT NULL,
    channel         text NOT NULL,
    told            jsonb NOT NULL DEFAULT '{}',
    waiting_since   timestamptz,
    last_told_at    timestamptz,
    messages        bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (group_key, channel)
);

CREATE TABLE silences (
    silence_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    matchers   jsonb NOT NULL,
    starts_at  timestamptz NOT NULL,
    ends_at    timestamptz NOT NULL CHECK (ends_at > starts_at),
    author     text NOT NULL,
    comment    text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now()
);

-- the outbox: a message stays until it is sent or given up; `leased_until` lets a killed sender's message go out again
CREATE TABLE notifications (
    notification_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key             text NOT NULL,
    channel         text NOT NULL,
    kind            text NOT NULL,
    group_key       text NOT NULL,
    message         jsonb NOT NULL,
    state           text NOT NULL DEFAULT 'waiting'
                    CHECK (state IN ('waiting', 'sent', 'dead', 'summarised', 'not_configured')),
    attempts        integer NOT NULL DEFAULT 0,
    due_at          timestamptz NOT NULL,
    leased_until    timestamptz,
    last_error      text,
    created_at      timestamptz NOT NULL,
    ended_at        timestamptz,
    accepted        text[] NOT NULL DEFAULT '{}',
    summary_id      bigint REFERENCES notifications ON DELETE SET NULL,
    UNIQUE (channel, key)
);
CREATE INDEX notifications_waiting ON notifications (channel, notification_id) WHERE state = 'waiting';
CREATE INDEX notifications_ended ON notifications (channel, ended_at) WHERE state <> 'waiting';
CREATE INDEX notifications_summary ON notifications (summary_id);

-- how each channel fares: retries wait until `rests_until`, all until `held_until`, which the other side asked for
CREATE TABLE channel_states (
    channel       text PRIMARY KEY,
    failures      integer NOT NULL DEFAULT 0,
    failing_since timestamptz,
    rests_until   timestamptz,
    held_until    timestamptz,
    last_error    text,
    last_sent_at  timestamptz,
    at            timestamptz NOT NULL
);

CREATE TABLE incidents (
    incident_id      text PRIMARY KEY,
    group_key        text,
    title            text NOT NULL,
    severity         text NOT NULL CHECK (severity IN ('critical', 'high', 'medium', 'low')),
    status           text NOT NULL CHECK (status IN ('open', 'investigating', 'contained', 'resolved',
                                                     'false_positive')),
    owner            text,
    target_minutes   double precision NOT NULL,
    runbook          text,
    opened_at        timestamptz NOT NULL,
    acknowledged_at  timestamptz,
    resolved_at      timestamptz,
    alerts_over_at   timestamptz,
    CHECK ((resolved_at IS NOT NULL) = (status IN ('resolved', 'false_positive')))
);
CREATE UNIQUE INDEX incidents_open ON incidents (group_key) WHERE resolved_at IS NULL AND group_key IS NOT NULL;
CREATE INDEX ON incidents (opened_at DESC);

CREATE TABLE incident_events (
    event_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incident_id text NOT NULL REFERENCES incidents ON DELETE CASCADE,
    at          timestamptz NOT NULL,
    actor       text NOT NULL,
    kind        text NOT NULL,
    note        text NOT NULL DEFAULT '',
    details     jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX ON incident_events (incident_id, event_id);

-- every attempt to restart, written before anything is done, so that no crash makes it forgotten
CREATE TABLE service_restarts (
    restart_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    service      text NOT NULL,
    cause        text NOT NULL,
    attempt      integer NOT NULL,
    state        text NOT NULL CHECK (state IN ('begun', 'started', 'verified', 'failed', 'interrupted')),
    begun_at     timestamptz NOT NULL,
    ended_at     timestamptz,
    detail       text NOT NULL DEFAULT '',
    actor        text NOT NULL,
    by_hand      boolean NOT NULL DEFAULT false,
    run_id       text
);
CREATE INDEX ON service_restarts (service, restart_id DESC);
CREATE INDEX service_restarts_under_way ON service_restarts (service) WHERE state IN ('begun', 'started');

-- services that healing leaves alone (given up, or stopped by hand) until they serve again or somebody starts them
CREATE TABLE service_surrenders (
    service    text PRIMARY KEY,
    since      timestamptz NOT NULL,
    detail     text NOT NULL,
    by_hand    boolean NOT NULL DEFAULT false
);

-- the processes that we started: a pid alone may be somebody else's by now
CREATE TABLE service_processes (
    service     text PRIMARY KEY,
    pid         integer NOT NULL,
    created_at  double precision NOT NULL,
    started_at  timestamptz NOT NULL,
    log         text NOT NULL
);

CREATE TABLE recoveries (
    recovery_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    recovery    text NOT NULL,
    kind        text NOT NULL,
    cause       text NOT NULL,
    state       text NOT NULL CHECK (state IN ('acting', 'verifying', 'recovered', 'failed', 'interrupted')),
    begun_at    timestamptz NOT NULL,
    verify_at   timestamptz,
    ended_at    timestamptz,
    revert_at   timestamptz NOT NULL,
    reverted_at timestamptz,
    details     jsonb NOT NULL DEFAULT '{}',
    run_id      text
);
CREATE INDEX ON recoveries (recovery, recovery_id DESC);
CREATE INDEX recoveries_open ON recoveries (recovery_id)
    WHERE reverted_at IS NULL OR state IN ('acting', 'verifying');

-- what a recovery has changed for a while; without a row everything is as configured
CREATE TABLE levers (
    recovery_id bigint NOT NULL REFERENCES recoveries ON DELETE CASCADE,
    name        text NOT NULL,
    value       jsonb NOT NULL,
    until       timestamptz NOT NULL,
    PRIMARY KEY (recovery_id, name)
);
"""


def upgrade() -> None:
    """Add tables."""
    op.get_bind().exec_driver_sql(UPGRADE)


def downgrade() -> None:
    """Going back would lose what was watched and told; restore a backup if that is meant."""
    raise NotImplementedError("going back would lose alerts and incidents: restore a backup")
