"""A knowledge base written by SQL, with rows in every table that hangs on items, and what can be asked of it."""

from datetime import timedelta

from pake_pipelines.config.maintenance import MaintenanceConfig
from pake_pipelines.config.retention import Retention
from pake_pipelines.maintenance.retention import archive
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.settings import Settings
from pake_pipelines.store import archived_rows
from pake_pipelines_tests.chain import rows, value
from pake_pipelines_tests.conftest import NOW

YEARS_AGO = NOW - timedelta(days=800)

# $1 when they came, $2 how many items, $3 the source
_FILL = """
INSERT INTO sources (source, name, kind, address, authority, authority_basis, enabled)
VALUES ($3, $3, 'feed', 'http://x', 0.5, 'news', true);
INSERT INTO source_state (source) VALUES ($3);
INSERT INTO raw_fetches (source, day, url, fetched_at, bytes, sha256, lake_path, run_id)
SELECT $3, $1::date, 'http://x/' || n, $1, 10, md5(n::text), $1::date || '/' || $3 || '.' || md5(n::text) || '.zst', 'r'
FROM generate_series(1, $2) n;
INSERT INTO items (pake_id, source, key, created_at) SELECT md5($3 || n)::uuid, $3, 'key-' || n, $1
FROM generate_series(1, $2) n;
INSERT INTO entries (pake_id, version, day, title, body, media_type, entry_hash, fetch_id, run_id, tags, created_at,
                     superseded_at)
SELECT md5($3 || n)::uuid, v, $1::date, 'Title ' || n, E'line one\\nline "two" \\u2028 \\u00e9 ' || n, 'text/plain',
       'hash-' || n || '-' || v, f.fetch_id, 'r', ARRAY['a b', 'c"d', NULL], $1 + n * interval '1 minute',
       CASE WHEN v = 1 AND n % 3 = 0 THEN $1 END
FROM generate_series(1, $2) n JOIN raw_fetches f ON f.source = $3 AND f.url = 'http://x/' || n
CROSS JOIN LATERAL generate_series(1, CASE WHEN n % 3 = 0 THEN 2 ELSE 1 END) v;
CREATE TEMP TABLE mine AS SELECT e.*, row_number() OVER (ORDER BY entry_id)::int AS n
FROM entries e JOIN items USING (pake_id) WHERE source = $3 AND superseded_at IS NULL;
INSERT INTO documents (entry_id, title, text, content_hash, embedding_key, language, language_probability, structure,
                       linguistics, truncated, hrefs)
SELECT entry_id, title, 'Text ' || n, 'c' || n, $3 || 'v' || n, 'en', 0.9371, '{"a": 1.10}', '{"b": [null, 1e-7]}',
       false, ARRAY['http://l/' || n] FROM mine;
INSERT INTO embeddings (embedding_key, model, vector, run_id)
SELECT $3 || 'v' || n, 'm', ('[' || array_to_string(array_fill(n / 7.0, ARRAY[384]), ',') || ']')::halfvec, 'r'
FROM mine;
INSERT INTO stage_marks (stage, entry_id, version, run_id)
SELECT stage, entry_id, '1', 'r' FROM mine, unnest(ARRAY['documents', 'embeddings', 'duplicates', 'connections',
    'confidence', 'knowledge_nodes']) stage;
INSERT INTO signatures (signature_id, kind, version, minhash)
SELECT hashtext($3 || n), 'words', '1', decode(md5(n::text), 'hex') FROM mine;
INSERT INTO document_signatures SELECT entry_id, hashtext($3 || n), pake_id FROM mine;
INSERT INTO text_signals SELECT entry_id, '1', n / 100000.0, '{}', '{}' FROM mine;
INSERT INTO document_links SELECT entry_id, 'http://l/' || n FROM mine;
INSERT INTO document_entities SELECT entry_id, 'somebody' FROM mine;
INSERT INTO qa_results SELECT entry_id, true, '{}', '{}', '{}', 0.1, '{}' FROM mine;
INSERT INTO confidence_scores (entry_id, score, decision_score, factors, due_at)
SELECT entry_id, 0.1 + n / 30000.0, 0.5, '[]', $1 FROM mine;
INSERT INTO knowledge_nodes (pake_id, entry_id, title, content, confidence_score, verification_status, source_name,
                             source_uri, content_hash, run_id)
SELECT pake_id, entry_id, title, 'Text ' || n, 0.7, CASE WHEN n % 2 = 0 THEN 'archived' ELSE 'verified' END, $3,
       'http://x', 'c' || n, 'r' FROM mine;
INSERT INTO confidence_history (pake_id, new_score, new_status, reason, changed_by, run_id)
SELECT pake_id, 0.7, 'verified', 'because', 'pipeline', 'r' FROM mine;
INSERT INTO processing_logs (pake_id, operation, success, run_id) SELECT pake_id, 'status_change', true, 'r' FROM mine;
INSERT INTO item_renames (pake_id, old_key, new_key, run_id)
SELECT pake_id, 'old', 'new', 'r' FROM mine WHERE n % 4 = 0;
INSERT INTO duplicate_candidates (a_id, b_id, level, reason, score, decision, evidence, version, run_id)
SELECT least(a.pake_id, b.pake_id), greatest(a.pake_id, b.pake_id), 'near', 'close_meaning', 0.9, 'duplicate', '{}',
       '1', 'r' FROM mine a JOIN mine b ON b.n = a.n + 1 WHERE a.n % 3 <> 0;
INSERT INTO duplicate_groups (group_id, canonical_id, members, run_id)
SELECT pake_id, pake_id, 3, 'r' FROM mine WHERE n % 3 = 1 AND n + 2 <= $2;
INSERT INTO duplicate_members SELECT m.pake_id, g.pake_id FROM mine m JOIN mine g ON g.n = m.n - (m.n - 1) % 3
WHERE g.n + 2 <= $2;
INSERT INTO node_connections (source_id, target_id, connection_type, strength, run_id)
SELECT m.pake_id, g.canonical_id, 'duplicate_of', 0.9, 'r' FROM mine m JOIN duplicate_members USING (pake_id)
JOIN duplicate_groups g USING (group_id) WHERE m.pake_id <> g.canonical_id;
DROP TABLE mine;
"""


async def fill(database, items, came=YEARS_AGO, source="web"):
    """Write `items` items that came at `came`; of each three in a row, the first is canonical in a group."""
    async with database.transaction() as connection:
        for statement in _FILL.split(";\n")[:-1]:
            literal = statement.replace("$1", f"'{came.isoformat()}'::timestamptz").replace("$2", str(items))
            await connection.execute(literal.replace("$3", f"'{source}'::text"))


def workplace(database_url, data, **rules):
    """Return where the sweep works, with `rules` of retention."""
    settings = project(database_url, data)
    config = MaintenanceConfig(tasks={}, retention=Retention(**rules))
    return Workplace(settings, config, run_id="sweep", clock=lambda: NOW)


def project(database_url, data):
    """Return settings of a project whose data are in `data`."""
    return Settings(home=data, data_dir=data, database_url=database_url)


async def everything(database, directory):
    """Return all rows of all tables of items, as (table, line): those in the tables and those in archive files."""
    ids = [row["pake_id"] for row in await rows(database, "SELECT pake_id FROM items")]
    live, filed = set(), set()
    async with database.transaction() as connection:
        await archived_rows.steady(connection)
        for table in archived_rows.TABLES:
            live |= {(table, line) async for line in archived_rows.rows(connection, table, ids)}
    for path in sorted(directory.glob("items-*")):
        for table, lines in archive.chunks(path):
            filed |= {(table, line) for line in lines}
    return live, filed


def steady_rows(found):
    """Return `found` without the marks' asking for another turn, which is what settling other items comes to.

    A group that lost a member says so, and its row in the tables is another.
    """
    return {
        (table, line.replace('"stale": true', '"stale": false')) for table, line in found if table != "duplicate_groups"
    }


async def own(database):
    """Return how many rows of each table of items there are."""
    return {table: await value(database, f"SELECT count(*) FROM {table}") for table in archived_rows.OWN}
