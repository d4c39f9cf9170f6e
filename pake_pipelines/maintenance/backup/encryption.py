"""Encryption of backups with age, by one identity (`AGE-SECRET-KEY-1...`) that the environment holds.

What a backup of this process is encrypted for is the public half, so that whoever has the identity can read it, here
or with the `age` program.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from pake_pipelines.maintenance.backup.files import private
from pake_pipelines.maintenance.errors import MaintenanceError

if TYPE_CHECKING:
    from pyrage.x25519 import Identity
else:
    Identity = Any

SUFFIX: Final = ".age"


def new_identity() -> tuple[str, str]:
    """Return a new identity (secret) and its recipient (public, `age1...`)."""
    from pyrage import x25519

    made = x25519.Identity.generate()
    return str(made), str(made.to_public())


def identity_of(environ: Mapping[str, str], variable: str) -> Identity:
    """Return the identity that the environment holds. Raises MaintenanceError, which never repeats the value."""
    from pyrage import IdentityError, x25519

    text = environ.get(variable, "").strip()
    if not text:
        raise MaintenanceError(f"backups need a key: {variable} is not set; `pake backup key` makes a new one")
    try:
        return x25519.Identity.from_str(text)
    except IdentityError as error:
        raise MaintenanceError(
            f"{variable} holds no age identity (AGE-SECRET-KEY-1...): `pake backup key` makes a new one"
        ) from error


class _Watched:
    """A file for pyrage, which turns what a file raises into an error of its own: `error` is the real one."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.error: OSError | None = None

    def read(self, size: int = -1) -> bytes:
        try:
            found: bytes = self._file.read(size)
        except OSError as error:
            self.error = error
            raise
        return found

    def write(self, data: bytes) -> int:
        try:
            self._file.write(data)
        except OSError as error:
            self.error = error
            raise
        return len(data)

    def flush(self) -> None:
        self._file.flush()


def encrypt(source: IO[bytes] | Any, destination: IO[bytes] | Any, identity: Identity) -> None:
    """Encrypt what `source` reads into `destination`, in chunks. Raises OSError of either file."""
    import pyrage

    read, write = _Watched(source), _Watched(destination)
    try:
        pyrage.encrypt_io(read, write, [identity.to_public()])
    except (OSError, pyrage.EncryptError):
        if (cause := read.error or write.error) is not None:
            raise cause from None
        raise


def decrypt(source: IO[bytes] | Any, destination: IO[bytes] | Any, identity: Identity) -> None:
    """Decrypt what `source` reads into `destination`, in chunks.

    Raises MaintenanceError when the key is another or the bytes are damaged, OSError of either file.
    """
    import pyrage

    read, write = _Watched(source), _Watched(destination)
    try:
        pyrage.decrypt_io(read, write, [identity])
    except (OSError, pyrage.DecryptError) as error:
        if (cause := read.error or write.error) is not None:
            raise cause from None
        if "No matching keys" in str(error):
            raise MaintenanceError("the backup is encrypted with another key than the one given") from error
        raise MaintenanceError(f"the encrypted file is damaged or cut short ({error})") from error


def encrypt_file(source: Path, destination: Path, identity: Identity) -> None:
    """Encrypt a file into a new one (mode 0600). Raises OSError."""
    with source.open("rb") as reading, private(destination) as writing:
        encrypt(reading, writing, identity)


def decrypt_file(source: Path, destination: Path, identity: Identity) -> None:
    """Decrypt a file into a new one (mode 0600), which does not stay when it fails.

    Raises MaintenanceError and OSError.
    """
    try:
        with source.open("rb") as reading, private(destination) as writing:
            decrypt(reading, writing, identity)
    except BaseException:
        destination.unlink(missing_ok=True)
        raise
