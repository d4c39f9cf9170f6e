"""`pake models`: what is told of each model, and installing one from a wheel, a folder and a server, or not at all."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from functools import partial
from pathlib import Path

import pytest
from spacy import about
from typer.testing import CliRunner

from pake_pipelines.cli import models
from pake_pipelines.cli.model_install import Installed, InstallError, install_model
from pake_pipelines.cli.model_wheel import make_wheel, model_folder
from pake_pipelines.pipeline import embedder
from pake_pipelines.settings import get_settings
from pake_pipelines.text.linguistics import load_pipeline
from pake_pipelines_tests.language_models import train
from pake_pipelines_tests.site import Page

pytestmark = pytest.mark.long

NAME = "en_tiny"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return train(tmp_path_factory.mktemp("trained") / "model")


@pytest.fixture
def wheel(model, tmp_path):
    return make_wheel(model, tmp_path)


@pytest.fixture
def python(tmp_path):
    """An interpreter of its own that sees the project's libraries and keeps what is installed for it to itself."""
    home = tmp_path / "python"
    venv.create(home, symlinks=True)
    packages = next(home.glob("lib/python*/site-packages"))
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib"))
    return str(home / "bin" / "python")


def packages(python):
    return sorted(path.name for path in Path(python).parent.parent.glob("lib/python*/site-packages/*tiny*"))


@pytest.fixture
def pake(monkeypatch, tmp_path):
    """Run `pake models` with these settings: `pake("status", "--json", PAKE_SPACY_MODEL=...)`."""

    def run(*arguments, **environment):
        for name, value in {"PAKE_HOME": tmp_path, "COLUMNS": 300, **environment}.items():
            monkeypatch.setenv(name, str(value))
        get_settings.cache_clear()
        try:
            done = CliRunner().invoke(models.app, list(map(str, arguments)))
        finally:
            get_settings.cache_clear()
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done

    return run


@pytest.fixture
def status(pake):
    """Return the exit code and the state of each model by its role."""

    def run(**environment):
        done = pake("status", "--json", **environment)
        said = json.loads(done.stdout)
        assert said["passed"] is (done.exit_code == 0)
        return done.exit_code, {one["role"]: one for one in said["models"]}

    return run


def test_an_absent_language_model_breaks_nothing_and_its_way_out_is_told(status):
    code, told = status(PAKE_SPACY_MODEL="en_not_installed")
    assert code == 0
    found = told["language model"]
    assert (found["status"], found["version"], found["details"]) == ("unavailable", None, {"ner": "unavailable"})
    assert "named entities are unavailable" in found["message"]
    assert "pake models install" in found["way_out"]


def test_a_fit_model_is_told_with_its_version_components_and_entities(status, model):
    code, told = status(PAKE_SPACY_MODEL=model)
    found = told["language model"]
    assert (code, found["status"], found["version"], found["way_out"]) == (0, "ok", "1.0.0", None)
    assert found["details"] == {
        "components": ["ner"], "ner": "ok", "spacy": about.__version__, "compatible": True,
        "made_for_spacy": json.loads((model / "meta.json").read_text())["spacy_version"],
    }  # fmt: skip


def test_a_model_without_entities_is_told_as_such(status, tmp_path):
    code, told = status(PAKE_SPACY_MODEL=train(tmp_path / "plain", ner=False))
    assert code == 0
    assert (told["language model"]["status"], told["language model"]["details"]["ner"]) == ("unavailable",) * 2


def test_a_model_of_another_spacy_is_a_warning(status, model, tmp_path):
    old = shutil.copytree(model, tmp_path / "old")
    meta = json.loads((old / "meta.json").read_text())
    (old / "meta.json").write_text(json.dumps(meta | {"spacy_version": ">=2.3,<3.0"}))
    code, told = status(PAKE_SPACY_MODEL=old)
    found = told["language model"]
    assert (code, found["status"], found["details"]["compatible"]) == (0, "warn", False)
    assert ">=2.3,<3.0" in found["message"]


@pytest.mark.parametrize("missing", ["ner/model", "config.cfg", ""], ids=["weights", "configuration", "folder"])
def test_a_broken_model_fails_and_the_exit_code_says_so(status, model, tmp_path, missing):
    broken = shutil.copytree(model, tmp_path / "broken")
    if missing:
        (broken / missing).unlink()
    else:
        shutil.rmtree(broken)
    code, told = status(PAKE_SPACY_MODEL=broken)
    assert (code, told["language model"]["status"]) == (1, "fail")
    assert "PAKE_SPACY_MODEL" in told["language model"]["way_out"]


def test_the_embedding_weights_and_the_profiles_are_verified(status):
    code, told = status()
    assert code == 0
    assert (told["embedding model"]["status"], told["embedding model"]["model"]) == ("ok", embedder.PACKAGED_MODEL)
    assert told["language profiles"]["status"] == "ok"
    assert len(told["language profiles"]["details"]["languages"]) == 55


def test_embedding_weights_that_are_not_the_published_ones_fail(status, monkeypatch):
    monkeypatch.setattr(embedder, "_WEIGHTS_SHA256", "0" * 64)
    code, told = status()
    assert (code, told["embedding model"]["status"]) == (1, "fail")
    assert "reinstall" in told["embedding model"]["message"]


def test_missing_embedding_weights_and_another_model_are_not_called_fit(status, monkeypatch):
    assert status(PAKE_EMBEDDING_MODEL="some/other")[1]["embedding model"]["status"] == "unknown"
    monkeypatch.setattr(embedder, "_PACKAGE", "no_such_package")
    monkeypatch.delenv("PAKE_EMBEDDING_MODEL")
    code, told = status()
    assert (code, told["embedding model"]["status"]) == (0, "warn")


def test_people_read_a_state_a_sentence_and_a_way_out(pake):
    done = pake("status", PAKE_SPACY_MODEL="en_not_installed")
    shown = " ".join(done.stdout.split())
    assert "unavailable language model en_not_installed not installed" in shown
    assert "ok embedding model all-MiniLM-L6-v2" in shown
    assert "55 languages" in shown


def test_a_folder_is_installed_as_a_package_that_the_pipeline_loads_by_name(model, python, monkeypatch):
    installed = install_model(str(model), python)
    assert (installed.name, installed.version, installed.ner) == (NAME, "1.0.0", True)
    assert packages(python) == ["en_tiny", "en_tiny-1.0.0.dist-info"]
    monkeypatch.syspath_prepend(next(Path(python).parent.parent.glob("lib/python*/site-packages")))
    pipeline = load_pipeline(NAME)
    assert (pipeline.ner, pipeline.version) == ("ok", f"spacy {about.__version__}, en_tiny 1.0.0")


def test_a_wheel_is_installed_and_installing_it_again_repairs_what_is_damaged(wheel, python):
    assert install_model(str(wheel), python).ner
    weights = next(Path(python).parent.parent.glob("lib/python*/site-packages/en_tiny/en_tiny-*/ner/model"))
    weights.write_bytes(b"")
    assert install_model(str(wheel), python).ner


def test_an_unpacked_package_is_the_model_in_it(model, tmp_path):
    inner = shutil.copytree(model, tmp_path / "unpacked" / "en_tiny" / "en_tiny-1.0.0")
    assert model_folder(tmp_path / "unpacked") == model_folder(inner) == inner


def test_a_model_that_wants_another_spacy_is_refused_and_spacy_stays(model, tmp_path, python, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    old = shutil.copytree(model, tmp_path / "old")
    meta = json.loads((old / "meta.json").read_text())
    (old / "meta.json").write_text(json.dumps(meta | {"requirements": ["spacy<3"]}))
    with pytest.raises(InstallError, match="could not be installed"):
        install_model(str(old), python)
    assert packages(python) == []


def test_uv_installs_where_there_is_no_pip(wheel, tmp_path, monkeypatch):
    bare = tmp_path / "bare"
    venv.create(bare, symlinks=True)
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    with pytest.raises(InstallError, match=r"does not load: .*spacy"):  # for this interpreter has no spaCy
        install_model(str(wheel), str(bare / "bin" / "python"))
    assert packages(bare / "bin" / "python") == ["en_tiny", "en_tiny-1.0.0.dist-info"]


@pytest.fixture
def publisher(site, monkeypatch):
    """A server in the place of spaCy's, with an empty list of models."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(about, "__compatibility__", site.url("/compatibility.json"))
    monkeypatch.setattr(about, "__download_url__", site.url("/download"))
    publish(site, {})
    return site


def publish(site, models):
    minor = ".".join(about.__version__.split(".")[:2])
    site.pages["/compatibility.json"] = Page(json.dumps({"spacy": {minor: models}}).encode())


def test_a_name_is_installed_in_the_version_that_fits_this_spacy(publisher, wheel, python, pake, monkeypatch):
    publish(publisher, {NAME: ["1.0.0", "0.9.0"]})
    publisher.pages["/download/en_tiny-1.0.0/en_tiny-1.0.0-py3-none-any.whl"] = Page(wheel.read_bytes())
    monkeypatch.setattr(models, "install_model", partial(install_model, python=python))
    done = pake("install", PAKE_SPACY_MODEL=NAME)
    assert done.exit_code == 0, done.output
    assert packages(python) == ["en_tiny", "en_tiny-1.0.0.dist-info"]
    assert "en_tiny 1.0.0 is installed; it finds named entities" in done.output
    assert "everywhere" in done.output
    assert "PAKE_SPACY_MODEL" not in done.output


def test_what_is_installed_and_not_the_one_in_use_says_how_to_use_it(pake, monkeypatch):
    monkeypatch.setattr(models, "install_model", lambda wanted: Installed(wanted, "2.0", ner=False))
    done = pake("install", NAME, PAKE_SPACY_MODEL="en_core_web_sm")
    assert "set PAKE_SPACY_MODEL=en_tiny" in " ".join(done.output.split())
    assert "finds no named entities" in " ".join(done.output.split())


def test_without_network_one_sentence_names_the_way_out(pake, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(about, "__compatibility__", "http://127.0.0.1:9/compatibility.json")
    done = pake("install", PAKE_SPACY_MODEL="en_core_web_sm")
    assert done.exit_code == 1
    assert "cannot be read" in done.output
    assert "en_core_web_sm-3.8.0-py3-none-any.whl" in done.output
    assert "pake models install PATH" in done.output


@pytest.mark.parametrize("answer", [b"<html>", b"{}", b"[]"], ids=["html", "no table", "a list"])
def test_an_answer_that_is_no_list_of_models_is_told_as_such(publisher, answer, python):
    publisher.pages["/compatibility.json"] = Page(answer)
    with pytest.raises(InstallError, match="cannot be read"):
        install_model(NAME, python)


def test_a_wheel_that_the_server_does_not_have_is_a_failed_install(publisher, python):
    publish(publisher, {NAME: ["9.9.9"]})
    with pytest.raises(InstallError, match="could not be installed") as failed:
        install_model(NAME, python)
    assert "pake models install PATH" in failed.value.hint
    assert packages(python) == []


def test_a_name_that_spacy_does_not_publish_is_told(publisher, python):
    with pytest.raises(InstallError, match="publishes no en_nonsense"):
        install_model("en_nonsense", python)


@pytest.mark.parametrize("wanted", ["--index-url=http://x", "https://x/y.whl", "../nothing", "requests", ""])
def test_what_is_neither_a_file_nor_a_name_reaches_no_installer(wanted, monkeypatch):
    monkeypatch.setattr(subprocess, "run", None)
    with pytest.raises(InstallError):
        install_model(wanted)


@pytest.mark.parametrize("content", ["other", "nothing"])
def test_a_file_that_is_no_model_is_not_installed(content, tmp_path, monkeypatch):
    monkeypatch.setattr(subprocess, "run", None)
    file = tmp_path / "thing-1.0-py3-none-any.whl"
    if content == "other":
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("thing/__init__.py", "")
    else:
        file.write_bytes(b"")
    with pytest.raises(InstallError, match="no wheel of a spaCy model"):
        install_model(str(file))


def test_a_folder_that_is_no_single_model_is_not_installed(model, tmp_path, monkeypatch):
    monkeypatch.setattr(subprocess, "run", None)
    for name in ("empty", "several/one", "several/two"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("several/one", "several/two"):
        shutil.copytree(model, tmp_path / name, dirs_exist_ok=True)
    for name in ("empty", "several"):
        with pytest.raises(InstallError, match="not the folder of one spaCy model"):
            install_model(str(tmp_path / name))


def test_a_model_that_no_package_can_be_called_after_is_not_packed(model, tmp_path):
    odd = shutil.copytree(model, tmp_path / "odd")
    meta = json.loads((odd / "meta.json").read_text())
    (odd / "meta.json").write_text(json.dumps(meta | {"name": "../../x"}))
    with pytest.raises(InstallError, match="no package can be called"):
        install_model(str(odd))
