"""The hostile table: what broke the obvious code, and how to put it into any body."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

DEEP, DEEPER = 150, 500
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}")
MARK = "@@hostile@@"

# Raw JSON that is refused wherever it stands, whatever the schema says.
NEVER: dict[str, str] = {
    "2**70": str(2**70),
    "-2**70": str(-(2**70)),
    "5,000 digits": "9" * 5000,
    "4e999": "4e999",
    "a lone surrogate": r'"\ud800"',
    "a lone surrogate in a text": r'"abc\udfffdef"',
    "a NUL in a text": r'"a\u0000b"',
    "a NUL in a key": r'{"a\u0000b": 1}',
    "a lone surrogate in a key": r'{"\ud800": 1}',
    "NaN": "NaN",
    "Infinity": "Infinity",
    "-Infinity": "-Infinity",
    "nesting of 150": "[" * DEEP + "]" * DEEP,
    "nesting of 500": "[" * DEEPER + "]" * DEEPER,
    "nesting of 500 objects": '{"a":' * DEEPER + "1" + "}" * DEEPER,
    "nesting of 100,000": "[" * 100_000 + "]" * 100_000,
    "the same key twice": '{"a": 1, "a": 2}',
    "a key of an operator": '{"$ne": null}',
    "a key with a dot": '{"a.b": 1}',
    "a prototype": '{"__proto__": {"x": 1}}',
    "a text of 100,000": '"' + "x" * 100_000 + '"',
}

# Whole bodies that are refused with 422.
BODIES: dict[str, bytes] = {
    "nothing": b"",
    "a blank": b" ",
    "null": b"null",
    "a number": b"1",
    "a text": b'"x"',
    "true": b"true",
    "no UTF-8": b'{"a": "\xff\xfe"}',
    "UTF-8 of a surrogate": b'{"a": "\xed\xa0\x80"}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "cut off": b'{"a": ',
    "two documents": b"{}{}",
    "a comment": b"{/* x */}",
    "single quotes": b"{'a': 1}",
    "a bare word": b"undefined",
    "a key twice": b'{"revision": 1, "revision": 2}',
    "gzip": __import__("gzip").compress(b" " * 1_000_000),
    "NULs": b"\x00" * 1000,
    "100,000 brackets": b"[" * 100_000,
}


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Walk every value of a body, containers included; of a list only the first element."""
    if path:
        yield path, value
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list) and value:
        yield from leaves(value[0], (*path, 0))


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """Copy a body with one value replaced."""
    if not path:
        return new
    head, rest = path[0], path[1:]
    if isinstance(value, dict):
        return {k: replaced(v, rest, new) if k == head else v for k, v in value.items()}
    return [replaced(v, rest, new) if i == head else v for i, v in enumerate(value)]


def with_raw(body: Any, path: tuple[Any, ...], raw: str) -> bytes:
    """Write a body as JSON with raw text in one place."""
    return json.dumps(replaced(body, path, MARK)).replace(f'"{MARK}"', raw).encode()


def misfits(value: Any) -> dict[str, Any]:
    """List values of another kind than an example's: each must be refused in its place."""
    if isinstance(value, bool):
        return {"a text for a truth value": "true", "a number for a truth value": 1, "a list": [], "an object": {}}
    if isinstance(value, int | float):
        found = {
            "a text for a number": "3", "a truth value for a number": True, "a list": [1], "an object": {"$gt": 0},
            "1e300": 1e300, "a huge whole number": 2**53 + 2,
        }  # fmt: skip
        return found | ({"a broken number": 1.5, "a huge negative": -(2**40)} if isinstance(value, int) else {})
    if isinstance(value, str):
        found = {
            "a number for a text": 3,
            "a truth value for a text": True,
            "a list": ["x"],
            "an operator": {"$ne": ""},
        }
        if MOMENT.match(value):
            found |= {
                "a naive time": "2026-11-20T10:02:11", "year 1 with an offset": "0001-01-01T00:00:00+14:00",
                "year 9999 with an offset": "9999-12-31T23:59:59-14:00", "no time": "yesterday", "empty": "",
                "an odd offset": "2026-11-20T10:02:11+99:99", "a date": "2026-11-20", "hour 25": "2026-11-20T25:00:00Z",
                "a leap second": "2026-11-20T10:02:60Z", "a long one": "2026-11-20T10:02:11" + "0" * 5000 + "Z",
            }  # fmt: skip
        return found
    if isinstance(value, list):
        return {"an object for a list": {"0": 1}, "a text for a list": "x", "a number for a list": 1, "lists": [[[]]]}
    if isinstance(value, dict):
        return {"a list for an object": [value], "a text for an object": "x", "a number for an object": 1}
    return {}


# Query values for every declared parameter, and parameters that nobody declared.
QUERY_VALUES = [
    "\x00",
    "\ud800".encode("utf-8", "surrogatepass"),
    b"\xff\xfe",
    "9" * 5000,
    str(2**70),
    "-1",
    "0",
    "1.5",
    "true",
    "NaN",
    "",
    "x" * 5000,
    "$ne",
    '{"$gt": ""}',
    "a.b",
    "../../x",
    "'; --",
    "\u202e",
    "\U0001f600" * 200,
    "2026-11-20T10:02:11",
    "null",
    "0001-01-01T00:00:00+14:00",
    ".*",
    "^(a+)+$",
    "[",
    "%s%n",
    "\r\nX: y",
]
PATH_VALUES = [
    "\x00",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    "9" * 5000,
    str(2**70),
    "-1",
    "$ne",
    '{"$gt":""}',
    "a.b",
    "..",
    "...",
    "%2e%2e",
    " ",
    "x" * 300,
    "\U0001f600",
    "\u202e",
    "null",
    "undefined",
    "[$ne]",
    "' or 1=1",
    "00000000-0000-0000-0000-000000000000",
    "0" * 64,
    "g" * 64,
    "A" * 64,
    "__proto__",
    "a:b:c",
    ":",
    "\r\n",
    "*",
]
