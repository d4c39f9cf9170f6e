"""The tables of the way of a datum, from sources and raw fetches to judgements and knowledge nodes.

Revision ID: 0001
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

UPGRADE = """
CREATE EXTENSION IF NOT EXISTS vector SCHEMA public;
SET LOCAL search_path = pake, public;

CREATE TABLE sources (
    source           text PRIMARY KEY,
    name             text NOT NULL,
    kind             text NOT NULL,
    address          text NOT NULL,
    authority        real NOT NULL CHECK (authority BETWEEN 0 AND 1),
    authority_basis  text NOT NULL,
    enabled          boolean NOT NULL,
    disabled_because text,
    updated_at       timestamptz NOT NULL DEFAULT now()
);

-- what a source's reader must remember between visits; saved with the entries it stands for
CREATE TABLE source_state (
    source               text PRIMARY KEY REFERENCES sources ON DELETE CASCADE,
    etag                 text,
    last_modified        text,
    body_sha256          text,
    parser_version       text,
    backlog_fetch_id     bigint,
    checked_at           timestamptz,
    succeeded_at         timestamptz,
    consecutive_failures integer NOT NULL DEFAULT 0,
    last_error           text
);

CREATE TABLE raw_fetches (
    fetch_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source      text NOT NULL REFERENCES sources ON DELETE CASCADE,
    day         date NOT NULL,
    url         text NOT NULL,
    fetched_at  timestamptz NOT NULL,
    modified_at timestamptz,
    media_type  text,
    bytes       bigint NOT NULL,
    sha256      text NOT NULL,
    lake_path   text NOT NULL,
    run_id      text NOT NULL,
    UNIQUE (source, day, url, sha256)
);
CREATE INDEX ON raw_fetches (source, url, fetched_at DESC);

CREATE TABLE items (
    pake_id    uuid PRIMARY KEY,
    source     text NOT NULL REFERENCES sources ON DELETE CASCADE,
    key        text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (source, key)
);

CREATE TABLE entries (
    entry_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    pake_id       uuid NOT NULL REFERENCES items ON DELETE CASCADE,
    version       integer NOT NULL,
    day           date NOT NULL,
    title         text NOT NULL,
    url           text,
    author        text,
    published_at  timestamptz,
    tags          text[] NOT NULL DEFAULT '{}',
    body          text NOT NULL,
    media_type    text NOT NULL,
    entry_hash    text NOT NULL,
    problems      text[] NOT NULL DEFAULT '{}',
    fetch_id      bigint NOT NULL REFERENCES raw_fetches ON DELETE CASCADE,
    run_id        text NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    superseded_at timestamptz,
    UNIQUE (pake_id, version)
);
CREATE UNIQUE INDEX entries_current ON entries (pake_id) WHERE superseded_at IS NULL;
CREATE INDEX entries_current_by_day ON entries (day, pake_id) WHERE superseded_at IS NULL;
CREATE INDEX ON entries (fetch_id);

CREATE TABLE dead_letters (
    dead_letter_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source         text NOT NULL REFERENCES sources ON DELETE CASCADE,
    day            date NOT NULL,
    fetch_id       bigint REFERENCES raw_fetches ON DELETE CASCADE,
    key            text NOT NULL,
    reason         text NOT NULL,
    detail         text NOT NULL,
    run_id         text NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT now(),
    UNIQUE (source, key, reason)
);

-- which version of which stage an entry has been through, and in which run; `stale` asks for another turn
CREATE TABLE stage_marks (
    stage    text NOT NULL,
    entry_id bigint NOT NULL REFERENCES entries ON DELETE CASCADE,
    version  text NOT NULL,
    stale    boolean NOT NULL DEFAULT false,
    run_id   text NOT NULL,
    made_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (stage, entry_id)
);
CREATE INDEX stage_marks_stale ON stage_marks (stage) WHERE stale;
CREATE INDEX ON stage_marks (entry_id);

CREATE TABLE documents (
    entry_id             bigint PRIMARY KEY REFERENCES entries ON DELETE CASCADE,
    title                text NOT NULL,
    text                 text NOT NULL,
    canonical_url        text,
    content_hash         text NOT NULL,
    embedding_key        text NOT NULL,
    language             text NOT NULL,
    language_probability real NOT NULL,
    structure            jsonb NOT NULL,
    linguistics          jsonb NOT NULL,
    truncated            boolean NOT NULL,
    dropped              text,
    problems             text[] NOT NULL DEFAULT '{}'
);
CREATE INDEX ON documents (content_hash) WHERE dropped IS NULL;
-- hash: an address may be longer than a btree takes
CREATE INDEX ON documents USING hash (canonical_url) WHERE dropped IS NULL AND canonical_url IS NOT NULL;
CREATE INDEX ON documents (embedding_key);

CREATE TABLE embeddings (
    embedding_key text NOT NULL,
    model         text NOT NULL,
    vector        halfvec(384) NOT NULL,
    run_id        text NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (embedding_key, model)
);
CREATE INDEX embeddings_hnsw ON embeddings USING hnsw (vector halfvec_cosine_ops);

-- every compared pair that came close enough to matter, with the decision and its evidence
CREATE TABLE duplicate_candidates (
    a_id       uuid NOT NULL REFERENCES items ON DELETE CASCADE,
    b_id       uuid NOT NULL REFERENCES items ON DELETE CASCADE,
    level      text NOT NULL CHECK (level IN ('exact_url', 'exact_text', 'semantic')),
    score      real NOT NULL CHECK (score BETWEEN 0 AND 1),
    decision   text NOT NULL CHECK (decision IN ('duplicate', 'similar')),
    evidence   jsonb NOT NULL,
    version    text NOT NULL,
    run_id     text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (a_id, b_id),
    CHECK (a_id < b_id)
);
CREATE INDEX ON duplicate_candidates (b_id);

CREATE TABLE duplicate_groups (
    group_id     uuid PRIMARY KEY,
    canonical_id uuid NOT NULL REFERENCES items ON DELETE CASCADE,
    members      integer NOT NULL CHECK (members >= 2),
    run_id       text NOT NULL,
    updated_at   timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE duplicate_members (
    pake_id  uuid PRIMARY KEY REFERENCES items ON DELETE CASCADE,
    group_id uuid NOT NULL REFERENCES duplicate_groups ON DELETE CASCADE
);
CREATE INDEX ON duplicate_members (group_id);

-- the guides tie both ends to knowledge_nodes; here an item is connected before it is judged
CREATE TABLE node_connections (
    connection_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source_id       uuid NOT NULL REFERENCES items ON DELETE CASCADE,
    target_id       uuid NOT NULL REFERENCES items ON DELETE CASCADE,
    connection_type text NOT NULL CHECK (connection_type IN ('duplicate_of', 'similar_to')),
    strength        real NOT NULL CHECK (strength BETWEEN 0 AND 1),
    metadata        jsonb NOT NULL DEFAULT '{}',
    run_id          text NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    UNIQUE (source_id, target_id, connection_type),
    CHECK (source_id <> target_id)
);
CREATE INDEX ON node_connections (target_id);

CREATE TABLE qa_results (
    entry_id   bigint PRIMARY KEY REFERENCES entries ON DELETE CASCADE,
    valid      boolean NOT NULL,
    errors     text[] NOT NULL,
    warnings   text[] NOT NULL,
    unknowns   text[] NOT NULL,
    spam_score real,
    checks     jsonb NOT NULL
);

CREATE TABLE confidence_scores (
    entry_id       bigint PRIMARY KEY REFERENCES entries ON DELETE CASCADE,
    score          real NOT NULL CHECK (score BETWEEN 0 AND 1),
    decision_score real NOT NULL CHECK (decision_score BETWEEN 0 AND 1),
    factors        jsonb NOT NULL
);

CREATE TABLE knowledge_nodes (
    pake_id             uuid PRIMARY KEY REFERENCES items ON DELETE CASCADE,
    entry_id            bigint REFERENCES entries ON DELETE CASCADE,
    title               text NOT NULL,
    content             text NOT NULL,
    confidence_score    real NOT NULL CHECK (confidence_score BETWEEN 0 AND 1),
    type                text NOT NULL DEFAULT 'note',
    verification_status text NOT NULL DEFAULT 'pending'
        CHECK (verification_status IN ('pending', 'verified', 'rejected', 'quarantined', 'archived')),
    reasons             text[] NOT NULL DEFAULT '{}',
    source_name         text NOT NULL,
    source_uri          text NOT NULL,
    tags                text[] NOT NULL DEFAULT '{}',
    metadata            jsonb NOT NULL DEFAULT '{}',
    content_hash        text NOT NULL,
    published_at        timestamptz,
    run_id              text NOT NULL,
    created_at          timestamptz NOT NULL DEFAULT now(),
    updated_at          timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON knowledge_nodes (verification_status, confidence_score DESC);
CREATE INDEX ON knowledge_nodes (created_at DESC);
CREATE INDEX ON knowledge_nodes USING gin (tags);
CREATE INDEX ON knowledge_nodes (entry_id);

CREATE TABLE confidence_history (
    history_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    pake_id    uuid NOT NULL REFERENCES items ON DELETE CASCADE,
    old_score  real,
    new_score  real NOT NULL,
    old_status text,
    new_status text NOT NULL,
    reason     text NOT NULL,
    changed_by text NOT NULL,
    run_id     text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON confidence_history (pake_id, history_id);

-- one row for each stage of a run that changed something, and one for each change of an item's status
CREATE TABLE processing_logs (
    log_id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    pake_id            uuid REFERENCES items ON DELETE CASCADE,
    operation          text NOT NULL,
    day                date,
    details            jsonb NOT NULL DEFAULT '{}',
    success            boolean NOT NULL,
    error_message      text,
    processing_time_ms integer,
    run_id             text NOT NULL,
    created_at         timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON processing_logs (pake_id);
CREATE INDEX ON processing_logs (created_at DESC);

CREATE TABLE ingestion_runs (
    run_id        text NOT NULL,
    source        text NOT NULL REFERENCES sources ON DELETE CASCADE,
    day           date NOT NULL,
    started_at    timestamptz NOT NULL,
    finished_at   timestamptz NOT NULL,
    outcome       text NOT NULL CHECK (outcome IN ('ok', 'unchanged', 'failed')),
    found         integer NOT NULL DEFAULT 0,
    new           integer NOT NULL DEFAULT 0,
    updated       integer NOT NULL DEFAULT 0,
    unchanged     integer NOT NULL DEFAULT 0,
    dead_letters  integer NOT NULL DEFAULT 0,
    error         text,
    PRIMARY KEY (run_id, source, day)
);
CREATE INDEX ON ingestion_runs (finished_at DESC);
"""


def upgrade() -> None:
    """Create everything."""
    op.get_bind().exec_driver_sql(UPGRADE)


def downgrade() -> None:
    """There is nothing below the first migration; drop the schema by hand if that is meant."""
    raise NotImplementedError("the first migration has nothing below it")
