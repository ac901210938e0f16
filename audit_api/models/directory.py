"""Dealers and people as they are kept."""

from __future__ import annotations

from datetime import UTC, datetime

from mongoengine import (
    BooleanField,
    DateTimeField,
    Document,
    EmbeddedDocument,
    EmbeddedDocumentListField,
    FloatField,
    IntField,
    ListField,
    StringField,
)

from audit_api.domain.directory import Actor, Role

TOKENS_PER_PERSON = 50


class Dealer(Document):
    """A dealer; `code` is its name everywhere."""

    code = StringField(primary_key=True, max_length=40)
    name_zh = StringField(required=True, max_length=200)
    name_en = StringField(default="", max_length=200)
    brand = StringField(required=True, max_length=60)
    region = StringField(default="", max_length=60)
    city = StringField(default="", max_length=60)
    city_tier = StringField(default="", max_length=20)
    lat = FloatField(null=True)
    lon = FloatField(null=True)
    datum = StringField(default="WGS-84", max_length=20)
    fence_m = IntField(default=300)
    timezone = StringField(default="Asia/Shanghai", max_length=60)
    opened_on = StringField(default="", max_length=10)
    ownership = StringField(default="", max_length=60)
    owner_group = StringField(default="", max_length=120)
    volume_band = StringField(default="", max_length=20)
    updated_at = DateTimeField()
    meta = {"collection": "dealers", "auto_create_index": False, "indexes": ["brand", "region"]}


class Token(EmbeddedDocument):
    """A bearer token: only its SHA-256 is kept."""

    hash = StringField(required=True)
    label = StringField(default="", max_length=100)
    created_at = DateTimeField(required=True)
    expires_at = DateTimeField(required=True)
    revoked_at = DateTimeField(null=True)


class Person(Document):
    """Somebody who works with the system; tokens lie inside, so that one read checks a request."""

    id = StringField(primary_key=True)
    email = StringField(required=True, max_length=254)
    name = StringField(required=True, max_length=120)
    role = StringField(required=True, choices=[r.value for r in Role])
    brands = ListField(StringField())
    dealers = ListField(StringField())
    locale = StringField(default="zh", choices=["zh", "en"])
    active = BooleanField(default=True)
    created_at = DateTimeField(required=True)
    tokens = EmbeddedDocumentListField(Token)
    meta = {
        "collection": "people",
        "auto_create_index": False,
        "indexes": [
            {"fields": ["email"], "unique": True},
            # Partial, not sparse: people without a token must not collide on null.
            {
                "fields": ["tokens.hash"],
                "unique": True,
                "partialFilterExpression": {"tokens.hash": {"$exists": True}},
            },
        ],
    }


def actor_of(row: dict[str, object]) -> Actor:
    """Turn a stored person into the actor that the rules know."""
    return Actor(
        id=str(row["_id"]),
        email=str(row["email"]),
        name=str(row["name"]),
        role=Role(str(row["role"])),
        brands=frozenset(row.get("brands") or ()),  # type: ignore[call-overload] # a list of strings by the model
        dealers=frozenset(row.get("dealers") or ()),  # type: ignore[call-overload] # likewise
        locale=str(row.get("locale") or "zh"),
    )


def actor_of_token(token_hash: str, at: datetime) -> Actor | None:
    """Find the active person whose token has this hash and is neither expired nor revoked at `at`; one indexed read."""
    row = Person._get_collection().find_one({"tokens.hash": token_hash, "active": True}, {"tokens.label": 0})
    if row is None:
        return None
    token = next(t for t in row["tokens"] if t["hash"] == token_hash)
    if token.get("revoked_at") or token["expires_at"].astimezone(UTC) <= at:
        return None
    return actor_of(row)
