"""Signals of texts, checked links, why judgements changed, decisions of people, labels and calibrations.

Revision ID: 0004
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

UPGRADE = """
SET LOCAL search_path = pake, public;

-- what rules need of a text and what takes long to find; made anew when the rules of `version` change
CREATE TABLE text_signals (
    entry_id   bigint PRIMARY KEY REFERENCES entries ON DELETE CASCADE,
    version    text NOT NULL,
    spam_score double precision NOT NULL CHECK (spam_score BETWEEN 0 AND 1),
    evidence   jsonb NOT NULL,
    patterns   jsonb NOT NULL
);

-- the web addresses of a text as they are written, to be asked; `document_links` has their canonical forms
ALTER TABLE documents
    ADD COLUMN hrefs text[] NOT NULL DEFAULT '{}',
    ADD COLUMN characters integer GENERATED ALWAYS AS (length(text)) STORED;
CREATE INDEX documents_hrefs ON documents USING gin (hrefs) WHERE dropped IS NULL AND hrefs <> '{}';

-- what came of asking each address last, for all items that link to it
CREATE TABLE link_checks (
    url         text PRIMARY KEY,
    state       text NOT NULL CHECK (state IN ('working', 'broken', 'unknown', 'skipped')),
    http_status integer,
    detail      text NOT NULL,
    failures    integer NOT NULL DEFAULT 0,
    checked_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    run_id      text NOT NULL
);
CREATE INDEX ON link_checks (expires_at);

ALTER TABLE qa_results ALTER COLUMN spam_score TYPE double precision;
-- Thresholds are held against these: as a real, 0.9 would be less than 0.9. `changes` says what made the latest
-- judgement differ from the one before; at `due_at` the item's age counts less.
ALTER TABLE confidence_scores
    ALTER COLUMN score TYPE double precision,
    ALTER COLUMN decision_score TYPE double precision,
    ADD COLUMN probability double precision CHECK (probability BETWEEN 0 AND 1),
    ADD COLUMN changes text[] NOT NULL DEFAULT '{}',
    ADD COLUMN due_at timestamptz;
CREATE INDEX ON confidence_scores (due_at) WHERE due_at IS NOT NULL;
ALTER TABLE confidence_history ADD COLUMN cause text NOT NULL DEFAULT '';

-- what a person decided on one version of an item; it outranks every verdict on that version
CREATE TABLE reviews (
    pake_id  uuid PRIMARY KEY REFERENCES items ON DELETE CASCADE,
    entry_id bigint NOT NULL REFERENCES entries ON DELETE CASCADE,
    decision text NOT NULL CHECK (decision IN ('approved', 'rejected', 'requeued')),
    event_id bigint NOT NULL REFERENCES audit_events
);
CREATE INDEX ON reviews (entry_id);
CREATE INDEX ON reviews (event_id);

-- one label of a person on one version of an item; `weight` is the inverse of the chance with which it was sampled
CREATE TABLE quality_labels (
    entry_id       bigint NOT NULL REFERENCES entries ON DELETE CASCADE,
    actor          text NOT NULL,
    good           boolean NOT NULL,
    note           text,
    weight         double precision NOT NULL DEFAULT 1 CHECK (weight > 0),
    decision_score double precision,
    created_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (entry_id, actor)
);

CREATE TABLE calibrations (
    calibration_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    method         text NOT NULL CHECK (method IN ('isotonic', 'platt')),
    parameters     jsonb NOT NULL,
    figures        jsonb NOT NULL,
    labels         integer NOT NULL,
    score_version  text NOT NULL,
    in_force       boolean NOT NULL DEFAULT false,
    actor          text NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX calibrations_in_force ON calibrations (in_force) WHERE in_force;
"""


def upgrade() -> None:
    """Add tables and columns."""
    op.get_bind().exec_driver_sql(UPGRADE)


def downgrade() -> None:
    """Going back would lose what people decided and labelled; restore a backup if that is meant."""
    raise NotImplementedError("going back would lose what people decided: restore a backup")
