"""Cursors of any form, windows of days, rests, waits and moves of sources, budgets of hosts, renames and deletions.

Revision ID: 0002
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

UPGRADE = """
SET LOCAL search_path = pake, public;

ALTER TABLE source_state
    ADD COLUMN cursor jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN items_per_day real NOT NULL DEFAULT 0 CHECK (items_per_day >= 0),
    ADD COLUMN due_at timestamptz,
    ADD COLUMN due_because text,
    ADD COLUMN wait_until timestamptz,
    ADD COLUMN rests integer NOT NULL DEFAULT 0,
    ADD COLUMN resting_until timestamptz,
    ADD COLUMN disabled_because text,
    ADD COLUMN learned_url text,
    ADD COLUMN moved_to text,
    ADD COLUMN moved_visits integer NOT NULL DEFAULT 0,
    ADD COLUMN moved_since timestamptz;
UPDATE source_state
SET cursor = jsonb_strip_nulls(
    jsonb_build_object('etag', etag, 'last_modified', last_modified, 'sha256', body_sha256));
ALTER TABLE source_state DROP COLUMN etag, DROP COLUMN last_modified, DROP COLUMN body_sha256;

-- how far an interrupted look back on some days has come
CREATE TABLE window_cursors (
    source    text NOT NULL REFERENCES sources ON DELETE CASCADE,
    first_day date NOT NULL,
    last_day  date NOT NULL,
    cursor    jsonb NOT NULL,
    run_id    text NOT NULL,
    PRIMARY KEY (source, first_day, last_day)
);

-- what happened to a source beyond its visits: rests, recoveries, moves, ends
CREATE TABLE source_events (
    event_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source     text NOT NULL REFERENCES sources ON DELETE CASCADE,
    kind       text NOT NULL CHECK (kind IN ('resting', 'recovered', 'gone', 'moved', 'moved_back', 'enabled')),
    detail     text NOT NULL,
    run_id     text,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON source_events (source, event_id);

-- whose turn it is at a host: a token bucket as the moment at which it will be full again, a lease and a hold.
-- Losing the table to a crash of the server only means full buckets.
CREATE UNLOGGED TABLE host_budgets (
    budget      text PRIMARY KEY,
    spacing     interval NOT NULL,
    burst       integer NOT NULL,
    full_at     timestamptz NOT NULL,
    holder      uuid,
    lease_until timestamptz,
    held_until  timestamptz
);

-- a body that its source no longer has, and the versions of items that came from it
ALTER TABLE raw_fetches ADD COLUMN gone_at timestamptz;
ALTER TABLE entries ADD COLUMN gone_at timestamptz;

-- an item that goes on under another key: a renamed file, a feed that changed its identifiers
CREATE TABLE item_renames (
    rename_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    pake_id    uuid NOT NULL REFERENCES items ON DELETE CASCADE,
    old_key    text NOT NULL,
    new_key    text NOT NULL,
    run_id     text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON item_renames (pake_id);
"""


def upgrade() -> None:
    """Lay it over 0001."""
    op.get_bind().exec_driver_sql(UPGRADE)


def downgrade() -> None:
    """There is no way back: a cursor of another form than a feed's has no place in 0001."""
    raise NotImplementedError("restore a backup made before 0002 instead")
