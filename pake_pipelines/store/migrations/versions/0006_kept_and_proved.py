"""Maintenance: what ran, backups and their proofs, archives of what moved out, the cache and its accesses.

Revision ID: 0006
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

UPGRADE = """
SET LOCAL search_path = pake, public;

-- every run of a maintenance task; one that is `running` and whose lock nobody holds has been killed
CREATE TABLE maintenance_runs (
    run_no      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    task        text NOT NULL,
    state       text NOT NULL CHECK (state IN ('running', 'done', 'skipped', 'unavailable', 'failed', 'abandoned')),
    actor       text NOT NULL,
    run_id      text NOT NULL DEFAULT '',
    dry_run     boolean NOT NULL DEFAULT false,
    started_at  timestamptz NOT NULL,
    finished_at timestamptz,
    summary     text NOT NULL DEFAULT '',
    details     jsonb NOT NULL DEFAULT '{}',
    CHECK ((finished_at IS NULL) = (state = 'running'))
);
CREATE INDEX ON maintenance_runs (task, run_no DESC);

-- what is known of backups; the manifests beside them say the same, for the day on which this table is lost
CREATE TABLE backups (
    name          text PRIMARY KEY,
    target        text NOT NULL,
    created_at    timestamptz NOT NULL,
    run_id        text NOT NULL DEFAULT '',
    bytes         bigint NOT NULL,
    seconds       double precision NOT NULL,
    encrypted     boolean NOT NULL,
    migration     text NOT NULL,
    manifest      jsonb NOT NULL,
    state         text NOT NULL DEFAULT 'unproven' CHECK (state IN ('unproven', 'proven', 'damaged', 'unavailable')),
    proved_at     timestamptz,
    proof_seconds double precision,
    detail        text NOT NULL DEFAULT '',
    removed_at    timestamptz
);
CREATE INDEX ON backups (created_at DESC);

-- files that hold rows which left the tables; `row_counts` has rows and hash of each table in the file, `items` how
-- many items left the tables for it
CREATE TABLE retention_archives (
    archive_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    path        text NOT NULL UNIQUE,
    sha256      text NOT NULL,
    bytes       bigint NOT NULL,
    items       integer NOT NULL DEFAULT 0,
    row_counts  jsonb NOT NULL,
    oldest      timestamptz,
    newest      timestamptz,
    state       text NOT NULL CHECK (state IN ('written', 'verified', 'removed', 'restored')),
    run_id      text NOT NULL DEFAULT '',
    created_at  timestamptz NOT NULL,
    changed_at  timestamptz NOT NULL
);

-- Which archive holds an item, and what its version in force was: while its source says the same, it stays there. A
-- restored one has a row, too: its age counts from then on.
CREATE TABLE archived_items (
    pake_id     uuid PRIMARY KEY REFERENCES items ON DELETE CASCADE,
    archive_id  bigint NOT NULL REFERENCES retention_archives,
    title       text NOT NULL,
    version     integer NOT NULL,
    entry_hash  text NOT NULL,
    fetched_at  timestamptz NOT NULL,
    day         date NOT NULL,
    gone        boolean NOT NULL,
    archived_at timestamptz NOT NULL,
    restored_at timestamptz
);
CREATE INDEX ON archived_items (archive_id);

-- when the raw bytes of a fetch were removed, because nothing in force came from them any more
ALTER TABLE raw_fetches ADD COLUMN body_removed_at timestamptz;
-- the lake is held against its rows day by day, and a path begins with its day
CREATE INDEX ON raw_fetches (lake_path text_pattern_ops);

CREATE TABLE cache_entries (
    category     text NOT NULL,
    key          text NOT NULL,
    project_name text NOT NULL DEFAULT 'pake',
    value        bytea NOT NULL,
    codec        text NOT NULL CHECK (codec IN ('plain', 'zstd')),
    digest       bytea NOT NULL,
    size_bytes   integer NOT NULL,
    cost_ms      double precision NOT NULL DEFAULT 0,
    access_count integer NOT NULL DEFAULT 0,
    created_at   timestamptz NOT NULL,
    accessed_at  timestamptz NOT NULL,
    expires_at   timestamptz,
    metadata     jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (category, key)
);
CREATE INDEX ON cache_entries (expires_at) WHERE expires_at IS NOT NULL;
-- what is large is packed by the clean-up, once; the sizes are then those on disk
ALTER TABLE cache_entries ALTER COLUMN value SET STORAGE EXTERNAL;

-- the last accesses, for the replay that chooses a policy; of all keys, or of those that a sample takes in
CREATE TABLE cache_accesses (
    access_no  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL,
    category   text NOT NULL,
    key        text NOT NULL,
    hit        boolean NOT NULL,
    size_bytes integer NOT NULL,
    cost_ms    double precision NOT NULL
);
CREATE INDEX ON cache_accesses (at);

-- which policy a replay preferred, with the ratios of each, and the share of keys that is logged from then on
CREATE TABLE cache_policies (
    chosen_at timestamptz PRIMARY KEY,
    policy    text NOT NULL,
    ratios    jsonb NOT NULL,
    accesses  integer NOT NULL,
    sampled   double precision NOT NULL DEFAULT 1
);
"""


def upgrade() -> None:
    """Add tables."""
    op.get_bind().exec_driver_sql(UPGRADE)


def downgrade() -> None:
    """Going back would lose what is known of backups and archives; restore a backup if that is meant."""
    raise NotImplementedError("going back would lose what is known of backups: restore a backup")
