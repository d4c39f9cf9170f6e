"""`pake report` makes reports, and shows which there are and where they lie."""

import json

import pytest

from pake_pipelines_tests.cli.judged import judged

__all__ = ["judged"]


def test_tmp(judged):
    done = judged.pake("report", "run", "--all")
    print(done.stdout, done.stderr)
    print(judged.pake("report", "list").stdout)
    print(sorted(one.relative_to(judged.home/"data").as_posix() for one in (judged.home/"data"/"reports").rglob("*")))
    import shutil; shutil.copytree(judged.home/"data"/"reports", "/tmp/rep", dirs_exist_ok=True)
    assert done.code == 7
