"""Signatures with their band index, three levels of comparison, rulings of people, what texts link to and name.

Revision ID: 0003
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

UPGRADE = """
SET LOCAL search_path = pake, public;

-- MinHash signatures of texts and titles; equal signatures are one row, however many documents have them
CREATE TABLE signatures (
    signature_id bigint PRIMARY KEY,
    kind         text NOT NULL CHECK (kind IN ('words', 'characters', 'title')),
    version      text NOT NULL,
    minhash      bytea NOT NULL
);
CREATE TABLE document_signatures (
    entry_id     bigint NOT NULL REFERENCES entries ON DELETE CASCADE,
    signature_id bigint NOT NULL REFERENCES signatures,
    pake_id      uuid NOT NULL,
    PRIMARY KEY (entry_id, signature_id)
);
-- the first few of a thousand documents with one signature are read from the index, in order
CREATE INDEX ON document_signatures (signature_id, pake_id);
-- Two signatures that share a band hash are worth comparing; a key to signatures would double the table's size. Bands
-- are hashes, so a new one may belong into any page of the index: into pages of the small recent table, that is, which
-- a merge empties into the large one. The view names the recent one first: all lock the two in that order.
CREATE TABLE signature_bands (
    band_hash    bigint NOT NULL,
    signature_id bigint NOT NULL
);
CREATE INDEX signature_bands_lookup ON signature_bands (band_hash, signature_id);
CREATE TABLE signature_bands_recent (
    band_hash    bigint NOT NULL,
    signature_id bigint NOT NULL
);
CREATE INDEX signature_bands_recent_lookup ON signature_bands_recent (band_hash, signature_id);
CREATE VIEW all_signature_bands AS
SELECT band_hash, signature_id FROM signature_bands_recent
UNION ALL
SELECT band_hash, signature_id FROM signature_bands;

ALTER TABLE duplicate_candidates
    DROP CONSTRAINT duplicate_candidates_level_check,
    DROP CONSTRAINT duplicate_candidates_decision_check,
    ADD COLUMN reason text NOT NULL DEFAULT 'close_meaning';
UPDATE duplicate_candidates c SET (level, reason) = (new.level, new.reason)
FROM (VALUES ('exact_url', 'exact', 'same_address'), ('exact_text', 'exact', 'same_text')) AS new(old, level, reason)
WHERE new.old = c.level;
ALTER TABLE duplicate_candidates
    ALTER COLUMN reason DROP DEFAULT,
    ADD CHECK (level IN ('exact', 'near', 'semantic')),
    ADD CHECK (decision IN ('duplicate', 'similar', 'contradicted'));

ALTER TABLE duplicate_groups ADD COLUMN canonical_because text NOT NULL DEFAULT '';

-- what a person decided on two items; it outranks every comparison until a person decides otherwise
CREATE TABLE duplicate_rulings (
    a_id       uuid NOT NULL REFERENCES items ON DELETE CASCADE,
    b_id       uuid NOT NULL REFERENCES items ON DELETE CASCADE,
    ruling     text NOT NULL CHECK (ruling IN ('together', 'apart')),
    event_id   bigint NOT NULL,
    PRIMARY KEY (a_id, b_id),
    CHECK (a_id < b_id)
);
CREATE INDEX ON duplicate_rulings (b_id);
CREATE INDEX ON duplicate_rulings (event_id);

-- who did what by hand, and why
CREATE TABLE audit_events (
    event_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    actor      text NOT NULL,
    action     text NOT NULL,
    subject    text NOT NULL,
    details    jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON audit_events (subject, event_id);
ALTER TABLE duplicate_rulings ADD FOREIGN KEY (event_id) REFERENCES audit_events;

-- the addresses that a document links to, and the names in it, by which documents find each other
CREATE TABLE document_links (
    entry_id      bigint NOT NULL REFERENCES entries ON DELETE CASCADE,
    canonical_url text NOT NULL
);
CREATE INDEX ON document_links (entry_id);
CREATE INDEX ON document_links USING hash (canonical_url);
CREATE TABLE document_entities (
    entry_id bigint NOT NULL REFERENCES entries ON DELETE CASCADE,
    entity   text NOT NULL,
    PRIMARY KEY (entry_id, entity)
);
CREATE INDEX ON document_entities (entity);

ALTER TABLE node_connections
    DROP CONSTRAINT node_connections_connection_type_check,
    ADD CHECK (connection_type IN ('duplicate_of', 'similar_to', 'shares_entity', 'cites'));
"""


def upgrade() -> None:
    """Add and convert."""
    op.get_bind().exec_driver_sql(UPGRADE)


def downgrade() -> None:
    """Going back would lose what people decided; restore a backup if that is meant."""
    raise NotImplementedError("going back would lose what people decided: restore a backup")
