"""A wheel made of the folder of a spaCy model, laid out as `spacy package` does it, without a build tool."""

import base64
import hashlib
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

_INIT: Final = """\
from pathlib import Path

from spacy.util import get_model_meta, load_model_from_init_py

__version__ = get_model_meta(Path(__file__).parent)["version"]


def load(**overrides):
    return load_model_from_init_py(__file__, **overrides)
"""


def model_folder(place: Path) -> Path | None:
    """Return the model in `place`: the folder itself, or the only one in an unpacked package; None where there is none.

    A folder with several models is none: which was meant cannot be told.
    """
    for pattern in ("config.cfg", "*/config.cfg", "*/*/config.cfg"):
        folders = [path.parent for path in place.glob(pattern) if (path.parent / "meta.json").is_file()]
        if folders:
            return folders[0] if len(folders) == 1 else None
    return None


def is_model_wheel(wheel: Path) -> bool:
    """Tell whether the file `wheel` is a wheel with a spaCy model in it. Raises OSError."""
    if wheel.suffix != ".whl" or not zipfile.is_zipfile(wheel):
        return False
    with zipfile.ZipFile(wheel) as archive:
        return any(name.endswith("/config.cfg") for name in archive.namelist())


def make_wheel(folder: Path, into: Path) -> Path:
    """Write the wheel of the model in `folder` to the directory `into`; return it.

    The package is called as the model says in its meta.json, `<lang>_<name>`. Raises ValueError where that does not
    say it, and OSError.
    """
    meta = _meta(folder)
    name, version = f"{meta['lang']}_{meta['name']}", str(meta["version"])
    if not name.isidentifier():
        raise ValueError(f"{folder / 'meta.json'} calls the model {name!r}, which no package can be called")
    wheel = into / f"{name}-{version}-py3-none-any.whl"
    records = []
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in _content(folder, name, version, meta):
            archive.writestr(path, content)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            records.append(f"{path},sha256={digest},{len(content)}\n")
        record = f"{name}-{version}.dist-info/RECORD"
        archive.writestr(record, "".join([*records, f"{record},,\n"]))
    return wheel


def _meta(folder: Path) -> dict[str, Any]:
    meta = json.loads((folder / "meta.json").read_text("utf-8"))
    if not isinstance(meta, dict) or not all(meta.get(key) for key in ("lang", "name", "version")):
        raise ValueError(f"{folder / 'meta.json'} does not give lang, name and version")
    return meta


def _content(folder: Path, name: str, version: str, meta: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Yield the paths in the wheel with their content, all but RECORD."""
    yield f"{name}/__init__.py", _INIT.encode()
    yield f"{name}/meta.json", (folder / "meta.json").read_bytes()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield f"{name}/{name}-{version}/{path.relative_to(folder).as_posix()}", path.read_bytes()
    needs = "".join(f"Requires-Dist: {requirement}\n" for requirement in meta.get("requirements", []))
    information = f"{name}-{version}.dist-info"
    yield f"{information}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}".encode()
    yield f"{information}/WHEEL", b"Wheel-Version: 1.0\nGenerator: pake\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    yield f"{information}/entry_points.txt", f"[spacy_models]\n{name} = {name}\n".encode()
