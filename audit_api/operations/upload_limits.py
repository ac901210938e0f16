"""Refuses what there is no room for: a full disk, more bytes than somebody may send, too many photos half sent."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from audit_api import logs, problems
from audit_api.evidence.allowance import take
from audit_api.evidence.partials import SPENT, PartialBusyError, PartialUploads
from audit_api.problems import Problem
from audit_api.settings import Settings

DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
DISK_SECONDS, OPEN_SECONDS, BUSY_SECONDS = 60, 60, 1
"""When to come back."""
IDLE_SECONDS = 3_600
"""A photo half sent that nothing was added to for so long makes room for another one of the same person."""


@contextmanager
def room_on_disk() -> Iterator[None]:
    """Answer a full disk with UNAVAILABLE and when to come back; the log says so to who can make room."""
    try:
        yield
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        logs.write("error", "disk_full", reason=errno.errorcode[error.errno])
        raise Problem(
            problems.UNAVAILABLE,
            zh="服务器磁盘空间不足，照片尚未保存；请稍后重试",
            en="The server has no room for the photo at the moment, and it was not kept; try again later",
            headers=_after(DISK_SECONDS),
        ) from error


@contextmanager
def one_writer() -> Iterator[None]:
    """Answer a photo that another request is writing with TOO_MANY_REQUESTS: in a moment it is free."""
    try:
        yield
    except PartialBusyError as error:
        raise Problem(
            problems.TOO_MANY_REQUESTS,
            zh="另一请求正在写入同一张照片，请稍后重试",
            en="Another request is writing this photo; try again in a moment",
            headers=_after(BUSY_SECONDS),
        ) from error


def count_bytes(uploads: PartialUploads, person: str, length: int, *, settings: Settings, at: datetime) -> None:
    """Count what a person has sent; raises TOO_MANY_REQUESTS where that was too much already."""
    with os.fdopen(uploads.make_file(person, SPENT), "r+b") as file:
        seconds = take(file.fileno(), length, at, bytes_per_day=settings.upload_day_bytes)
    if seconds:
        raise Problem(
            problems.TOO_MANY_REQUESTS,
            zh=f"已达到每日上传上限（{settings.upload_day_bytes} 字节），请在 {seconds} 秒后继续",
            en=f"The most that may be sent in a day ({settings.upload_day_bytes} bytes) is reached; "
            f"go on in {seconds} seconds",
            headers=_after(seconds),
        )


def make_room(uploads: PartialUploads, person: str, sha256: str, *, settings: Settings, at: datetime) -> None:
    """Let a person begin one more photo, in the place of one left alone for an hour where there are many.

    Raises TOO_MANY_REQUESTS where all of them are still being sent. A photo begun can always be finished.
    """
    if uploads.exists(person, sha256):
        return
    begun = uploads.open_ones(person)
    if len(begun) < settings.upload_open_photos:
        return
    touched, oldest = begun[0]
    if at.timestamp() - touched < IDLE_SECONDS:
        raise Problem(
            problems.TOO_MANY_REQUESTS,
            zh=f"已有 {len(begun)} 张照片尚未传完，请先传完这些照片",
            en=f"{len(begun)} photos are half sent; finish these first",
            headers=_after(OPEN_SECONDS),
        )
    uploads.drop(person, oldest)


def _after(seconds: int) -> dict[str, str]:
    return {"Retry-After": str(seconds)}
