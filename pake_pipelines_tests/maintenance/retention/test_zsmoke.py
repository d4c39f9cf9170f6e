import pytest
from pake_pipelines.maintenance.retention import sweep
from pake_pipelines_tests.maintenance.retention.holdings import *
async def test_smoke(database, database_url, tmp_path):
    await fill(database, 9)
    await fill(database, 4, NOW, "fresh")
    before,_ = await everything(database, tmp_path/"archive")
    out = await sweep.run(workplace(database_url, tmp_path, batch=4))
    print(out)
    live, filed = await everything(database, tmp_path/"archive")
    print(await own(database))
    print(await rows(database, "SELECT * FROM retention_archives"))
    assert before <= live | filed, before-(live|filed)
