"""Disks that are full: a small file system of its own where this machine allows one, a limit on files elsewhere."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LARGEST_FILE = 40_000
ROOM_BYTES = 64 * 1024


class SmallDisk:
    """A file system in memory whose size can be brought down to what is on it. Needs the right to mount."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self.folder, self.megabytes = folder, megabytes

    def fill(self) -> None:
        """Leave no room: the next block or two, and nothing more."""
        for room in (1, 4, 16, 64):  # somebody may be writing meanwhile
            state = os.statvfs(self.folder)
            used = (state.f_blocks - state.f_bfree) * state.f_frsize
            if self._mount("-o", f"remount,size={used + room * ROOM_BYTES}") == 0:
                return
        raise AssertionError("the disk could not be filled")

    def free(self) -> None:
        """Give the room back."""
        assert self._mount("-o", f"remount,size={self.megabytes}m") == 0

    def _mount(self, *options: str) -> int:
        command = ["mount", *options, str(self.folder)]
        return subprocess.run(command, capture_output=True, check=False).returncode


@contextmanager
def a_small_disk(folder: Path, megabytes: int) -> Iterator[SmallDisk | None]:
    """Mount a small disk on a folder and unmount it at the end; None where this machine does not let us."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:  # no mount command
        mounted = False
    try:
        yield SmallDisk(folder, megabytes) if mounted else None
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


def limit_files(pids: list[int], largest: int | None = LARGEST_FILE) -> None:
    """Let processes of ours write no file beyond `largest` bytes (None: as before): every write behind it fails."""
    for pid in pids:
        try:
            _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard if largest is None else largest, hard))
        except ProcessLookupError:
            continue


def children_of(pid: int) -> list[int]:
    """List the processes that a process has started."""
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return [int(line) for line in found.stdout.split()]
