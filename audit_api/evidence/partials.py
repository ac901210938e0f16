"""Photos half received: one file for each person and hash, one writer at a time across processes.

The lock is the kernel's, on the file itself (flock). It goes with its holder, however that ends, so nobody waits
for a lease to run out; and since the bytes lie on this host alone, no process elsewhere could write them. It is held
while bytes are written or looked at, never while they are awaited from a phone.

The length of a file is its offset: a phone goes on there. Whatever offset is told has been synced before.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final

_NAME: Final = re.compile(r"[0-9a-f]{64}")
_WAIT_SECONDS: Final = 1.0
_STEP_SECONDS: Final = 0.01
_TRIES: Final = 5
SPENT: Final = "spent"


class PartialBusyError(RuntimeError):
    """Say that another process or thread has been writing this photo for longer than one waits."""


class Partial:
    """The bytes of one photo that have arrived so far, under lock; `file` is for reading."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self.file = file
        self._path = path
        self._number = file.fileno()
        self._is_removed = False

    @property
    def size(self) -> int:
        """Give how many bytes there are."""
        return os.fstat(self._number).st_size

    def head(self, length: int) -> bytes:
        """Read the first bytes."""
        return os.pread(self._number, length, 0)

    def append(self, data: bytes, at: datetime) -> int:
        """Add bytes durably and give the new size; where the disk refuses (OSError), all is as it was before."""
        size = self.size
        try:
            left, place = memoryview(data), size
            while left:
                written = os.pwrite(self._number, left, place)
                left, place = left[written:], place + written
            os.fsync(self._number)
            if size == 0:
                for folder in (self._path.parent, self._path.parent.parent):
                    _sync_folder(folder)
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._number, size)
            raise
        os.utime(self._number, (at.timestamp(), at.timestamp()))
        return place

    def sync(self) -> None:
        """Make durable what a killed writer may have left."""
        os.fsync(self._number)

    def remove(self) -> None:
        """Take the file away; who waits for its lock will find it gone. A second time would hit somebody else's."""
        if not self._is_removed:
            self._is_removed = True
            self._path.unlink(missing_ok=True)


class PartialUploads:
    """All photos half received on this host. Folders are named by a hash of the person, files by the photo's."""

    def __init__(self, upload_dir: str) -> None:
        # What is only this user's in the system's temporary folder would be anybody's to prepare.
        self._is_temporary = not upload_dir
        self.folder = (
            Path(tempfile.gettempdir()) / f"audit-api-partial-{os.getuid()}"
            if self._is_temporary
            else Path(upload_dir) / "partial"
        )

    @contextmanager
    def locked(self, person: str, sha256: str, *, make: bool = False) -> Iterator[Partial | None]:
        """Give a partial alone to one caller; None where there is none and none is to be made.

        One left empty is removed at the end. Raises PartialBusyError after a second.
        """
        until = time.monotonic() + _WAIT_SECONDS
        path = self._folder_of(person) / sha256
        while time.monotonic() <= until:
            try:
                number = self.make_file(person, sha256) if make else os.open(path, os.O_RDWR)
            except FileNotFoundError:
                if make:
                    raise
                yield None
                return
            with os.fdopen(number, "r+b") as file:
                if not _lock(number, until):
                    break
                if _is_at(number, path):
                    partial = Partial(file, path)
                    try:
                        yield partial
                    finally:
                        if partial.size == 0:
                            partial.remove()
                    return
        raise PartialBusyError(sha256)

    def exists(self, person: str, sha256: str) -> bool:
        """Tell whether something of a photo is here."""
        return (self._folder_of(person) / sha256).exists()

    def drop(self, person: str, sha256: str) -> None:
        """Remove a partial; raises PartialBusyError."""
        with self.locked(person, sha256) as partial:
            if partial is not None:
                partial.remove()

    def open_ones(self, person: str) -> list[tuple[float, str]]:
        """List a person's partials, the one longest untouched first: time of the last bytes (POSIX), SHA-256."""
        return sorted(_ages(self._folder_of(person)))

    def expire(self, before: datetime) -> int:
        """Remove everything that no byte has been added to since `before`; gives the number of photos.

        What is being written at this moment is left. Safe in several processes at once.
        """
        limit, removed = before.timestamp(), 0
        for folder in self.folder.iterdir() if self.folder.is_dir() else ():
            for age, name in _ages(folder):
                removed += age < limit and _remove_idle(folder / name, limit)
            with suppress(OSError):
                if (folder / SPENT).stat().st_mtime < limit:
                    (folder / SPENT).unlink()
            with suppress(OSError):  # not empty
                folder.rmdir()
        return removed

    def make_file(self, person: str, name: str) -> int:
        """Open a file of a person's, made with its folder where it is missing; gives its descriptor."""
        folder = self._folder_of(person)
        for _ in range(_TRIES):
            with suppress(FileNotFoundError):
                return os.open(folder / name, os.O_RDWR | os.O_CREAT, 0o600)
            self._make_folder(folder)  # again, should `expire` have just removed it
        raise FileNotFoundError(errno.ENOENT, "the folder for photos being received is gone", str(self.folder))

    def _make_folder(self, folder: Path) -> None:
        self.folder.mkdir(mode=0o700, exist_ok=True)
        found = self.folder.lstat()
        if self._is_temporary and (not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid()):
            raise PermissionError(f"{self.folder} belongs to somebody else: set AUDIT_UPLOAD_DIR")
        folder.mkdir(mode=0o700, exist_ok=True)

    def _folder_of(self, person: str) -> Path:
        return self.folder / hashlib.sha256(person.encode()).hexdigest()[:32]


def _lock(number: int, until: float) -> bool:
    """Take the lock, waiting until then (monotonic) at most."""
    import fcntl  # noqa: PLC0415 - not on Windows, where photos can only be sent whole

    while True:
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                return False
            time.sleep(_STEP_SECONDS)
        else:
            return True


def _is_at(number: int, path: Path) -> bool:
    """Tell whether an open file is still the one of this name: who had the lock before may have removed it."""
    try:
        return os.path.samestat(os.fstat(number), path.stat())
    except FileNotFoundError:
        return False


def _ages(folder: Path) -> Iterator[tuple[float, str]]:
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
        for entry in entries:
            if _NAME.fullmatch(entry.name):
                with suppress(FileNotFoundError):
                    yield entry.stat().st_mtime, entry.name


def _remove_idle(path: Path, limit: float) -> bool:
    with suppress(FileNotFoundError), path.open("r+b") as file:
        if _lock(file.fileno(), 0) and _is_at(file.fileno(), path) and os.fstat(file.fileno()).st_mtime < limit:
            path.unlink()
            return True
    return False


def _sync_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
