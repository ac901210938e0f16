"""Columns read from raw BSON hold what the documents hold, whatever their fields, order and types."""

from datetime import UTC, datetime

import bson
import numpy as np
import pytest
from bson.codec_options import CodecOptions
from hypothesis import given
from hypothesis import strategies as st

from audit_api.models.columns import NULL, cells_of

FIELDS = ("word", "mark", "at", "answers", "absent")
AWARE = CodecOptions(tz_aware=True)
texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=30)
BOUNDS = datetime(1900, 1, 1), datetime(2200, 12, 31)  # noqa: DTZ001 - hypothesis takes naive bounds
moments = st.datetimes(*BOUNDS).map(lambda t: t.replace(tzinfo=UTC, microsecond=t.microsecond // 1000 * 1000))
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), texts, moments
)
values = st.one_of(scalars, st.lists(scalars, max_size=4), st.dictionaries(st.just("k"), scalars))
alike = st.fixed_dictionaries(
    {"word": texts, "mark": st.one_of(st.none(), st.integers(-9, 2**40)), "at": st.one_of(st.none(), moments),
     "answers": st.lists(scalars, max_size=5)}
)  # fmt: skip
unlike = st.dictionaries(st.sampled_from(["word", "mark", "at", "answers", "x", "y"]), values, max_size=5)


def check(documents):
    data = b"".join(bson.encode(document) for document in documents)
    cells = cells_of(data, FIELDS)
    rows = [bson.decode(bson.encode(document), AWARE) for document in documents]
    whole = [float(v) if isinstance(v := row.get("mark"), int) and not isinstance(v, bool) else np.nan for row in rows]
    words = [v if isinstance(v := row.get("word"), str) else "" for row in rows]
    assert cells["word"].texts().to_pylist() == words
    np.testing.assert_array_equal(cells["mark"].whole(), whole)
    when = [v.replace(tzinfo=None) if isinstance(v := row.get("at"), datetime) else None for row in rows]
    np.testing.assert_array_equal(cells["at"].moments(), np.array(when, dtype="datetime64[ms]"))
    lists = [v if isinstance(v := row.get("answers"), list) else [] for row in rows]
    for place, element in enumerate(cells["answers"].elements(6)):
        given_ = [line[place] if place < len(line) else None for line in lists]
        assert element.texts().to_pylist() == [v if isinstance(v, str) else "" for v in given_]
        known = [isinstance(v, int) and not isinstance(v, bool) for v in given_]
        np.testing.assert_array_equal(~np.isnan(element.whole()), known)
    assert np.isin(cells["absent"].kind, (0, NULL)).all()


@given(st.lists(alike, min_size=1, max_size=8))
def test_documents_that_are_alike(documents):
    check(documents)


@given(st.lists(unlike, min_size=1, max_size=8))
def test_documents_that_are_not(documents):
    check(documents)


@pytest.mark.parametrize("length", [0, 1, 11, 12, 13, 14, 300])
def test_texts_of_every_length(length):
    check([{"word": "好" * (length // 3) + "x" * (length % 3)}, {"word": "y"}])


def test_values_no_column_can_hold_are_left_out():
    found = cells_of(bson.encode({"word": bson.ObjectId(), "mark": 3}) + bson.encode({"word": "a", "mark": 4}), FIELDS)
    assert found["word"].texts().to_pylist() == ["", "a"]
    assert found["mark"].whole().tolist() == [3, 4]
