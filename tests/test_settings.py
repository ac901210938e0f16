"""Settings are loud: what is missing, malformed, unknown or weak is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_api.settings import Settings, SettingsError, child_environment, from_env, names_database

GOOD = {
    "MONGODB_URI": "mongodb://127.0.0.1:27017/?replicaSet=rs0",
    "AUDIT_SECRET_KEY": "s" * 40,
    "AUDIT_CONTACT_KEY": "c" * 40,
}


def test_it_works():
    settings = from_env(GOOD)
    assert settings.mongodb_uri == GOOD["MONGODB_URI"]
    assert settings.covert_hold_days == 7
    assert settings.demo is False


@pytest.mark.parametrize("variable", sorted(GOOD))
def test_a_missing_one_is_named(variable):
    with pytest.raises(SettingsError, match=variable):
        from_env({k: v for k, v in GOOD.items() if k != variable})


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MONGODB_URI", "postgres://elsewhere"),
        ("AUDIT_SECRET_KEY", "short"),
        ("AUDIT_CONTACT_KEY", "c" * 31),
        ("AUDIT_MAX_BODY_BYTES", "many"),
        ("AUDIT_MAX_BODY_BYTES", "0"),
        ("AUDIT_MAX_PHOTO_BYTES", "-1"),
        ("AUDIT_TOKEN_DAYS", "0"),
        ("AUDIT_COVERT_HOLD_DAYS", "-1"),
        ("AUDIT_CLOCK_SKEW_SECONDS", "-5"),
        ("AUDIT_LOG_LEVEL", "loud"),
        ("AUDIT_DEMO", "yes"),
        ("AUDIT_UPLOAD_DIR", "/no/such/folder"),
        ("AUDIT_MAX_BODY_BYTE", "2000000"),  # misspelt
        ("AUDIT_", "1"),
    ],
)
def test_a_bad_one_is_named(variable, value):
    with pytest.raises(SettingsError, match=variable):
        from_env(GOOD | {variable: value})


OLDER = "a" * 40


def test_contact_keys_make_a_chain(tmp_path):
    previous = f"k1={OLDER}\nk2={'b' * 31}="
    found = from_env(GOOD | {"AUDIT_CONTACT_KEYS_PREVIOUS": previous, "AUDIT_CONTACT_KEY_ID": "k3"})
    assert found.contact_key_chain() == (("k1", OLDER), ("k2", "b" * 31 + "="), ("k3", "c" * 40))
    assert OLDER not in repr(found)
    assert from_env(GOOD).contact_key_chain() == (("k1", "c" * 40),)


@pytest.mark.parametrize(
    ("previous", "key_id", "reason"),
    [
        (f"k1={OLDER}", "k1", "must differ"),
        (f"k1={OLDER} k1={'b' * 40}", "k2", "must differ"),
        ("k1=short", "k2", "at least|or more"),
        (OLDER, "k2", "name=key"),
        (f"k1={'c' * 40}", "k2", "the present key"),
        (f"k>1={OLDER}", "k2", "letters"),
        ("", "k 1", "letters"),
    ],
)
def test_a_chain_that_makes_no_sense_is_refused(previous, key_id, reason):
    with pytest.raises(SettingsError, match=reason) as caught:
        from_env(GOOD | {"AUDIT_CONTACT_KEYS_PREVIOUS": previous, "AUDIT_CONTACT_KEY_ID": key_id})
    assert OLDER not in str(caught.value)


def test_a_file_can_hold_the_value(tmp_path):
    file = tmp_path / "secret"
    file.write_text("f" * 44 + "\n")
    without = {k: v for k, v in GOOD.items() if k != "AUDIT_SECRET_KEY"}
    assert from_env(without | {"AUDIT_SECRET_KEY_FILE": str(file)}).secret_key == "f" * 44
    with pytest.raises(SettingsError, match="AUDIT_SECRET_KEY_FILE"):
        from_env(without | {"AUDIT_SECRET_KEY_FILE": str(tmp_path / "absent")})


def test_secrets_are_not_shown():
    shown = repr(from_env(GOOD))
    assert GOOD["AUDIT_SECRET_KEY"] not in shown
    assert GOOD["AUDIT_CONTACT_KEY"] not in shown


def test_the_password_in_the_address_is_not_shown():
    shown = repr(from_env(GOOD | {"MONGODB_URI": "mongodb://audit:swordfish@127.0.0.1/?replicaSet=rs0"}))
    assert "swordfish" not in shown


def test_whether_a_database_is_named(tmp_path):
    assert names_database(GOOD)
    assert not names_database({})
    assert not names_database({"MONGODB_URI": ""})
    file = tmp_path / "uri"
    file.write_text(GOOD["MONGODB_URI"])
    assert names_database({"MONGODB_URI_FILE": str(file)})


@given(
    days=st.integers(1, 3650),
    cache=st.floats(0, 60),
    demo=st.booleans(),
    secret=st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), min_size=32, max_size=60),
)
def test_a_child_process_gets_the_same_settings(days, cache, demo, secret):
    made = Settings(
        mongodb_uri=GOOD["MONGODB_URI"], secret_key=secret, contact_key="c" * 40, token_days=days,
        token_cache_seconds=cache, demo=demo,
    )  # fmt: skip
    assert from_env(child_environment(made)) == made


def test_a_child_process_gets_nothing_but_these_settings(monkeypatch):
    monkeypatch.setenv("MONGODB_URI_FILE", "/no/such/file")
    monkeypatch.setenv("AUDIT_LOG_LEVEL", "debug")
    monkeypatch.setenv("AUDIT_SECRET_KEY_FILE", "/no/such/file")
    made = from_env(GOOD)
    assert from_env(child_environment(made)) == made
