"""Contacts: one form, one keyed hash, nothing plain left."""

import hmac
import string

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_api.intake.contacts import ContactHasher, normalise_contact

HASHER = ContactHasher("c" * 40, "k1")


@pytest.mark.parametrize(
    ("written", "same_as", "kind"),
    [
        ("13812345678", "+86 138 1234 5678", "phone"),
        ("138-1234-5678", "008613812345678", "phone"),
        ("１３８１２３４５６７８", "13812345678", "phone"),
        ("021-5555 1234", "+862155551234", "phone"),
        ("+44 20 7946 0958", "+442079460958", "phone"),
        (" Li.Lei@Example.COM ", "li.lei@example.com", "mail"),
        ("wx_Lilei88", "WX_LILEI88", "other"),
        ("", "   ", ""),
    ],
)
def test_one_contact_one_hash(written, same_as, kind):
    assert HASHER.contact(written) == HASHER.contact(same_as)
    assert HASHER.contact(written).kind == kind


def test_different_contacts_differ():
    written = ["13812345678", "13812345679", "+4413812345678", "a@example.com", "b@example.com"]
    assert len({HASHER.contact(w).hash for w in written}) == len(written)


def test_the_key_decides_and_kinds_are_apart():
    assert HASHER.contact("13812345678").hash != ContactHasher("d" * 40, "k2").contact("13812345678").hash
    assert HASHER.device("abc") != HASHER.adviser("D1", "abc") != HASHER.adviser("D2", "abc")
    assert HASHER.device("") == HASHER.adviser("D1", " ") == HASHER.contact("").hash == ""


@given(key=st.text(min_size=32, max_size=100), device=st.text(min_size=1, max_size=200).filter(str.strip))
def test_it_is_hmac_sha256(key, device):
    expected = hmac.digest(key.encode(), b"device:" + device.strip().encode(), "sha256").hex()[:32]
    assert ContactHasher(key, "k").device(device) == expected


CHAIN = ContactHasher("e" * 40, "k3", [("k1", "c" * 40), ("k2", "d" * 40)])


@given(st.text(min_size=1, max_size=40), st.text(min_size=1, max_size=40))
def test_what_was_kept_still_matches_under_a_new_key(one, other):
    """Wrapped hashes equal those of the whole chain, so every match and every difference survives."""
    second = ContactHasher("d" * 40, "k2", [("k1", "c" * 40)])
    for written in (one, other):
        kept = HASHER.contact(written).hash
        assert CHAIN.wrap(kept, "k1") == CHAIN.contact(written).hash
        assert CHAIN.wrap(second.wrap(kept, "k1"), "k1>k2") == CHAIN.contact(written).hash
        stages = [kept, second.contact(written).hash, CHAIN.contact(written).hash]
        assert CHAIN.contact_stages(written) == (stages if kept else [])
        assert CHAIN.wrap(HASHER.device(written), "k1") == CHAIN.device(written)
        assert CHAIN.wrap(HASHER.adviser("D1", written), "k1") == CHAIN.adviser("D1", written)
    same = HASHER.contact(one).hash == HASHER.contact(other).hash
    assert (CHAIN.contact(one).hash == CHAIN.contact(other).hash) is same


def test_chains_are_named_and_others_refused():
    assert CHAIN.chains == ("k1", "k1>k2", "k1>k2>k3")
    assert CHAIN.key_id == "k1>k2>k3"
    assert CHAIN.wrap("", "k1") == ""
    assert CHAIN.wrap("ab", "k1>k2>k3") == "ab"
    for unknown in ("k2", "k1>k3", ""):
        with pytest.raises(KeyError):
            CHAIN.wrap("ab", unknown)
    assert CHAIN.contact("13812345678").hash != HASHER.contact("13812345678").hash


def test_vehicles_are_one_however_written():
    assert HASHER.vehicle("lsvaa4182e2184847") == HASHER.vehicle(" LSV-AA4182 E2184847") != HASHER.vehicle("X" * 17)
    assert HASHER.vehicle(" ") == ""


def test_hashes_remembered_are_bounded(monkeypatch):
    monkeypatch.setattr("audit_api.intake.contacts.REMEMBERED", 3)
    hasher = ContactHasher("c" * 40, "k1")
    for n in range(10):
        assert hasher.device(f"d{n}") == HASHER.device(f"d{n}")
    assert len(hasher._devices) <= 3


@given(st.integers(10_000_000_000, 19_999_999_999))
def test_the_quick_way_agrees_with_the_library(number):
    """Chinese mobile numbers skip phonenumbers for speed: the outcome must be the library's own."""
    try:
        parsed = phonenumbers.parse(str(number), "CN")
    except phonenumbers.NumberParseException:  # 179… may be a carrier's prefix with too little behind it
        assert normalise_contact(str(number)) == (str(number), "other")
        return
    expected = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    assert normalise_contact(str(number)) == (expected, "phone")


@pytest.mark.parametrize("written", ["17951009990", "12593009990"])
def test_what_the_library_refuses_is_no_phone_number(written):
    with pytest.raises(phonenumbers.NumberParseException):
        phonenumbers.parse(written, "CN")
    assert normalise_contact(written) == (written, "other")


@given(st.text(max_size=200))
def test_any_text_is_taken_and_the_form_is_stable(text):
    plain, kind = normalise_contact(text)
    assert kind in ("phone", "mail", "other", "")
    assert (plain == "") == (text.strip() == "")
    if kind != "phone":
        assert normalise_contact(plain)[0] == plain


@given(st.text(string.digits + "+ -()", min_size=5, max_size=20))
def test_a_number_in_its_form_keeps_it(text):
    plain, kind = normalise_contact(text)
    if kind == "phone":
        assert plain.startswith("+")


def test_nothing_plain_is_shown():
    assert "c" * 10 not in repr(HASHER)
