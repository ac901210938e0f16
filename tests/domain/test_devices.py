"""Codes as they are drawn, shown and typed."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_api.domain.devices import ALPHABET, CODE_CHARACTERS, draw_code, origin_of, read_code


@given(st.randoms(use_true_random=False))
def test_what_is_drawn_is_read(source: random.Random) -> None:
    code = draw_code(source.choice)
    plain = read_code(code)
    assert plain == code.replace("-", "")
    wide = "".join(chr(ord(c) + 0xFEE0) for c in code)  # as a Chinese keyboard types it
    for typed in (code.lower(), plain, f" {code} ", code.replace("-", " – "), wide, " ".join(plain)):
        assert read_code(typed) == plain


@given(st.text())
def test_nothing_else_is_read(text: str) -> None:
    read = read_code(text)
    assert read is None or (len(read) == CODE_CHARACTERS and set(read) <= set(ALPHABET))


@pytest.mark.parametrize("typed", ["", "K7M2Q-9XRT", "K7M2Q-9XRTBB", "K7M2Q-9XRT0", "K7M2Q_9XRTB", "K7M2Q" * 100])
def test_what_is_no_code(typed: str) -> None:
    assert read_code(typed) is None


def test_letters_that_look_alike_are_left_out() -> None:
    assert not set("01ILOU") & set(ALPHABET)
    assert len(set(ALPHABET)) == len(ALPHABET) == 30


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("8.8.8.8", "8.8.8.8"), ("2001:4860:4860::8888", "2001:4860:4860::/64"),
        ("127.0.0.1", ""), ("10.1.2.3", ""), ("::1", ""), ("", ""), (None, ""), ("unix:", ""),
    ],
)  # fmt: skip
def test_whom_to_count_tries_under(address: str | None, origin: str) -> None:
    assert origin_of(address) == origin
