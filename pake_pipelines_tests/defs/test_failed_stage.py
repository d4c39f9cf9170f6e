"""A stage that fails is logged in `processing_logs` with its redacted error, and the error goes on (LOG-11)."""

import pytest

from pake_pipelines.defs.knowledge.assets import _logged_failure


async def test_a_failed_stage_is_logged_without_secrets_and_its_error_goes_on(database, run):
    with pytest.raises(ValueError, match="redis"):
        async with _logged_failure(database, "documents", run):
            raise ValueError("redis://:abcdef@h does not answer")
    async with database.connection() as connection:
        (row,) = await connection.fetch("SELECT operation, day, success, error_message, run_id FROM processing_logs")
    assert tuple(row) == ("documents", run.day, False, "ValueError: redis://:***@h does not answer", run.run_id)


class Gone:
    """A database that cannot be reached any more."""

    def transaction(self):
        raise OSError("connection lost")


async def test_where_the_database_is_gone_the_first_error_is_the_one_that_counts(run):
    with pytest.raises(ValueError, match="first") as caught:
        async with _logged_failure(Gone(), "documents", run):
            raise ValueError("first")
    assert caught.value.__notes__ == ["and the database could not be told: connection lost"]
