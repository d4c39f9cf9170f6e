"""Installing a spaCy model for a Python: from where spaCy publishes it, from a wheel, or from the folder of a model."""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from http.client import HTTPException
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen

from pake_pipelines.cli.model_wheel import is_model_wheel, make_wheel, model_folder

_NAME: Final = re.compile(r"[a-z]{2,3}_[a-z0-9_]+")
_WAIT_SECONDS: Final = 30
_IS_INSTALLED: Final = "import importlib.metadata, sys; importlib.metadata.version(sys.argv[1])"
_LOAD: Final = """
import json, sys, spacy
nlp = spacy.load(sys.argv[1])
print(json.dumps({"version": nlp.meta["version"], "ner": nlp.has_pipe("ner")}))
"""


class InstallError(Exception):
    """A model could not be installed; `hint` is the way out."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        """Say what is wrong, and the way out."""
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Installed:
    """The package that was installed and now loads."""

    name: str
    version: str
    ner: bool


def install_model(wanted: str, python: str = sys.executable) -> Installed:
    """Install the model `wanted`, a name, a wheel or a folder, for the interpreter `python`, and load it there.

    Installer messages go to this process's terminal. spaCy itself stays at its version. Raises InstallError.
    """
    with tempfile.TemporaryDirectory(prefix="pake-model-") as scratch:
        source = _source(wanted, Path(scratch))
        name = Path(source).name.partition("-")[0]
        constraint = Path(scratch) / "constraint.txt"
        constraint.write_text(f"spacy=={version('spacy')}\n")
        command = [*_installer(python), *_again(name, python), "--constraint", str(constraint), source]
        if subprocess.run(command, check=False).returncode:
            raise InstallError(f"{source} could not be installed, the reason stands above", _by_hand(wanted))
    return _loaded(name, python)


def _source(wanted: str, scratch: Path) -> str:
    """Return the wheel to install: its path or its address."""
    place = Path(wanted).expanduser().absolute()
    if place.is_dir():
        folder = model_folder(place)
        if folder is None:
            raise InstallError(f"{place} is not the folder of one spaCy model, which has a config.cfg and a meta.json")
        try:
            return str(make_wheel(folder, scratch))
        except (OSError, ValueError) as error:
            raise InstallError(f"{place} cannot be packed: {error}") from error
    if place.is_file():
        if place.suffix != ".whl" or not is_model_wheel(place):
            raise InstallError(
                f"{place} is no wheel of a spaCy model", "another archive: unpack it and name its folder"
            )
        return str(place)
    if not _NAME.fullmatch(wanted):
        raise InstallError(f"{wanted} is no file, no folder and no name of a spaCy model", "a name is en_core_web_sm")
    return _published(wanted)


def _published(name: str) -> str:
    """Return the address of the wheel of `name` that fits this spaCy, from spaCy's own table."""
    from spacy import about
    from spacy.util import get_minor_version

    minor = get_minor_version(about.__version__)
    try:
        with urlopen(about.__compatibility__, timeout=_WAIT_SECONDS) as answer:  # noqa: S310  # spaCy's constant
            models: dict[str, Any] = json.load(answer)["spacy"].get(minor, {})
    except (OSError, HTTPException, ValueError, LookupError, TypeError) as error:  # the last three: not such a list
        raise InstallError(f"spaCy's list of models cannot be read ({error})", _by_hand(name)) from error
    if not models.get(name):
        raise InstallError(f"spaCy publishes no {name} for its version {minor}", "https://spacy.io/models lists them")
    release = f"{name}-{models[name][0]}"
    return f"{about.__download_url__}/{release}/{release}-py3-none-any.whl"


def _by_hand(name: str) -> str | None:
    if not _NAME.fullmatch(name):
        return None
    from spacy import about
    from spacy.util import get_minor_version

    wheel = f"{name}-{get_minor_version(about.__version__)}.0-py3-none-any.whl"
    where = "https://github.com/explosion/spacy-models/releases"
    return f"without network: download {wheel} from {where} elsewhere and run `pake models install PATH/{wheel}`"


def _installer(python: str) -> list[str]:
    """Return the command that installs for `python`: its pip, or else uv, from beside it or from the path."""
    if subprocess.run([python, "-c", "import pip"], capture_output=True, check=False).returncode == 0:
        return [python, "-m", "pip", "install", "--disable-pip-version-check"]
    uv = shutil.which("uv", path=str(Path(python).parent)) or shutil.which("uv")
    if uv is None:
        raise InstallError(f"{python} has neither pip nor uv to install with", "run `python -m ensurepip`")
    return [uv, "pip", "install", "--python", python]


def _again(name: str, python: str) -> list[str]:
    """Return the options with which a model that is there is replaced, even by the same version: it may be damaged."""
    there = subprocess.run([python, "-c", _IS_INSTALLED, name], capture_output=True, check=False).returncode == 0
    return ["--force-reinstall", "--no-deps"] if there else []


def _loaded(name: str, python: str) -> Installed:
    done = subprocess.run([python, "-c", _LOAD, name], capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise InstallError(f"{name} is installed and does not load: {reason}", "`pake models status` tells what it is")
    said = json.loads(done.stdout.splitlines()[-1])
    return Installed(name, said["version"], said["ner"])
