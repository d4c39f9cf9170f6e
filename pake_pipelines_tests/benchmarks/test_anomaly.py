"""The benchmark on a folder laid out as NAB's: what it reads, and what it prints."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.anomaly_peers import moving_z_score, robust_z_score
from benchmarks.anomaly_series import read
from pake_pipelines_tests.analytics.anomalies.series import noise, points


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with_spike = noise(1200)
    with_spike[900] = 120
    for name, values in {"ops/cpu.csv": with_spike, "clean/idle.csv": noise(1200, seed=1)}.items():
        file = tmp_path / "data" / name
        file.parent.mkdir(parents=True)
        rows = [f"{point.at:%Y-%m-%d %H:%M:%S},{point.value}" for point in points(values)]
        file.write_text("\n".join(["timestamp,value", *rows]) + "\n")
    times = [point.at for point in points(with_spike)]
    window = [f"{times[at]:%Y-%m-%d %H:%M:%S}.000000" for at in (880, 940)]
    (tmp_path / "labels.json").write_text(json.dumps({"ops/cpu.csv": [window]}))
    return tmp_path


def test_a_file_without_an_entry_has_no_windows(folder):
    series = {one.name: one for one in read(folder / "data", folder / "labels.json")}
    assert [len(series[name].windows) for name in ("idle.csv", "cpu.csv")] == [0, 1]
    assert [len(one.points) for one in series.values()] == [1200, 1200]


def test_it_scores_any_folder_and_prints_one_object(folder):
    said = subprocess.run(
        [sys.executable, "-m", "benchmarks.anomaly", "--data", folder / "data", "--labels", folder / "labels.json"],
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(said.stdout)
    assert answer["benchmark"] == "anomaly"
    figures = answer["figures"]
    assert figures["standard_score"]["clean"] is None
    assert figures["standard_score"]["ops"] > 80
    assert figures["moving_z_score"]["ops"] > 80
    assert set(figures) >= {"robust_z_score", "moving_z_score", "false_points_on_clean", "threshold"}
    assert answer["sizes"]["windows"] == 1
    assert "ops" in said.stderr


@pytest.mark.parametrize("peer", [moving_z_score, robust_z_score])
def test_a_peer_scores_what_sticks_out_and_survives_gaps_and_flat_series(peer):
    values = [*noise(600), 200.0, None, *noise(20)]
    scores = peer(points(values))
    assert int(np.argmax(scores)) == 600
    assert np.isfinite(scores).all()
    assert (peer(points([5.0] * 400)) == 0).all()
