"""Reads a PDF from standard input and says as JSON how many pages it has, or why it is refused. Run by documents.py.

Every object of the file is looked at, reachable or not, and the bytes between them as well: a reader of another make
may find its way to what this one does not. No stream is unpacked but those that hold objects.
"""

from __future__ import annotations

import contextlib
import io
import json
import mmap
import re
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

MOST_BYTES: Final = 700_000_000
MOST_SECONDS: Final = 10
MOST_OBJECTS: Final = 100_000
MOST_DEPTH: Final = 60

KEYS: Final = {
    "/JS": "pdf_javascript", "/JavaScript": "pdf_javascript", "/EF": "embedded_files", "/EmbeddedFiles":
    "embedded_files", "/XFA": "pdf_active", "/RichMediaContent": "pdf_active", "/Launch": "pdf_launch",
}  # fmt: skip
ACTIONS: Final = {
    "/JavaScript": "pdf_javascript", "/Launch": "pdf_launch", "/GoToE": "embedded_files", "/GoToR": "pdf_active",
    "/SubmitForm": "pdf_active", "/ImportData": "pdf_active", "/Rendition": "pdf_active", "/Movie": "pdf_active",
    "/Sound": "pdf_active", "/RichMediaExecute": "pdf_active", "/GoTo3DView": "pdf_active",
}  # fmt: skip
SUBTYPES: Final = {
    "/FileAttachment": "embedded_files", "/RichMedia": "pdf_active", "/Screen": "pdf_active", "/Movie": "pdf_active",
    "/Sound": "pdf_active", "/3D": "pdf_active",
}  # fmt: skip
# Long enough that packed bytes do not spell them by chance.
HIDDEN: Final = {"JavaScript": "pdf_javascript", "EmbeddedFile": "embedded_files", "RichMedia": "pdf_active"}
# A second document behind the end of the first: readers differ in which one they show.
SECOND: Final = re.compile(rb"%%EOF[\x00\s]*%PDF-")
ORDER: Final = ("trailing_data", "pdf_launch", "pdf_javascript", "embedded_files", "pdf_active")


def main() -> None:
    """Read, within bounds, and say what was found."""
    _bound()
    # Mapped, not read: where the other process is in the file must not move.
    with mmap.mmap(sys.stdin.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        data = io.BytesIO(mapped)
    with contextlib.redirect_stdout(sys.stderr):  # what the library prints or warns of is nobody's concern
        found = read(data)
    sys.stdout.write(json.dumps(found))


def _bound() -> None:
    """Limit this process; on Windows only the clock of the one that started it does."""
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def read(file: BinaryIO) -> dict[str, Any]:
    """Give `{"pages"}` or `{"refused"}`."""
    from pypdf import PdfReader  # noqa: PLC0415 - after the bounds are set; it has bounds of its own for each stream
    from pypdf.errors import LimitReachedError  # noqa: PLC0415

    try:
        reader = PdfReader(file, strict=False)
        if reader.is_encrypted:
            return {"refused": "encrypted"}
        found = set(_hidden(file))
        for value in _objects(reader):
            found.update(_active(value, MOST_DEPTH))
        for reason in ORDER:
            if reason in found:
                return {"refused": reason}
        return {"pages": len(reader.pages)}
    except (MemoryError, RecursionError, LimitReachedError, _TooComplexError):
        return {"refused": "too_complex"}
    except Exception:  # a library may answer hostile bytes with every kind of error
        return {"refused": "undecodable"}


class _TooComplexError(Exception):
    """The file holds more than it may."""


def _objects(reader: Any) -> Iterator[Any]:
    """Give every object that a cross-reference names, and the trailer."""
    from pypdf.generic import IndirectObject  # noqa: PLC0415 - see above

    names = {(number, generation) for generation, table in reader.xref.items() for number in table}
    names |= {(number, 0) for number in reader.xref_objStm}
    if len(names) > MOST_OBJECTS:
        raise _TooComplexError
    yield reader.trailer
    for number, generation in sorted(names):
        if number:
            yield reader.get_object(IndirectObject(number, generation, reader))


def _active(value: Any, depth: int) -> Iterator[str]:
    """Name what is active in an object, without following references: all objects are looked at anyway."""
    if depth < 0:
        raise _TooComplexError
    if isinstance(value, dict):
        for key in value:
            inner = value.raw_get(key) if hasattr(value, "raw_get") else value[key]
            if key in KEYS:
                yield KEYS[key]
            if key == "/S" and isinstance(inner, str) and inner in ACTIONS:
                yield ACTIONS[inner]
            if key in ("/Subtype", "/Type") and isinstance(inner, str) and inner in SUBTYPES:
                yield SUBTYPES[inner]
            if key == "/Type" and inner == "/EmbeddedFile":
                yield "embedded_files"
            yield from _active(inner, depth - 1)
    elif isinstance(value, list):
        for place in range(len(value)):
            yield from _active(list.__getitem__(value, place), depth - 1)


def _hidden(file: BinaryIO) -> Iterator[str]:
    """Search the bytes as they are, names written with #xx too (ISO 32000-2, 7.3.5)."""
    file.seek(0)
    data = file.read()
    if SECOND.search(data):
        yield "trailing_data"
    for name, reason in HIDDEN.items():
        letters = "".join(f"(?:{letter}|#{ord(letter):02x})" for letter in name)
        if re.search(("/" + letters).encode(), data, re.IGNORECASE):
            yield reason


if __name__ == "__main__":
    main()
