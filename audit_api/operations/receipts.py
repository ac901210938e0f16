"""Verbs on receipts: sign, open, verify; and the public keys that anyone checks them with."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any

from pymongo.client_session import ClientSession

from audit_api import problems
from audit_api.domain import signatures
from audit_api.domain.directory import Actor
from audit_api.models import trail
from audit_api.models.base import Row, in_transaction, to_milliseconds
from audit_api.models.receipts import SigningKey
from audit_api.models.visits import VisitReceipt
from audit_api.operations.visit_reading import find_visit
from audit_api.problems import Problem
from audit_api.settings import Settings

FORMAT = "audit-receipt/1"
WORDS = {
    "valid": ("签名有效，内容与签发时一致", "The signature is good: this is what was signed, unchanged"),
    "altered": ("签名与内容不符：内容或签名已被改动", "The signature does not fit: the content or it was changed"),
    "unknown_key": ("签名所用的密钥不是本系统的", "It names a key that this system does not sign with, nor did"),
}


def signing_seed(settings: Settings, *, actor: Actor, at: datetime) -> bytes:
    """Give the private key; that it is in use enters the trail before anything is signed with it."""
    seed = settings.receipt_seed()
    public = signatures.public_key(seed)
    name = signatures.key_id(public)
    keys = SigningKey._get_collection()
    if keys.find_one({"_id": name}, {"_id": 1}) is None:
        text = base64.b64encode(public).decode()
        row = {"_id": name, "algorithm": signatures.ALGORITHM, "public_key": text, "first_used_at": to_milliseconds(at)}

        def write(session: ClientSession) -> None:
            if not keys.update_one({"_id": name}, {"$setOnInsert": row}, upsert=True, session=session).upserted_id:
                return
            told = {"public_key": text}
            trail.append("signing_key", name, "published", actor_id=actor.id, at=at, details=told, session=session)

        in_transaction(write)
    return seed


def trusted_keys(settings: Settings) -> dict[str, bytes]:
    """Give the public keys that good signatures can be of, by name: those of the settings, and no others.

    The database has no say: who can write to it could otherwise sign with a key of their own.
    """
    keys = (*settings.previous_receipt_keys(), signatures.public_key(settings.receipt_seed()))
    return {signatures.key_id(public): public for public in keys}


def list_keys(settings: Settings) -> Row:
    """List the public keys to check receipts with, the present one last; `first_used_at` where it is known."""
    trusted = trusted_keys(settings)
    known = {row["_id"]: row for row in SigningKey._get_collection().find({"_id": {"$in": list(trusted)}})}
    items = [
        {
            "key_id": name,
            "algorithm": signatures.ALGORITHM,
            "public_key": base64.b64encode(public).decode(),
            "pem": signatures.as_pem(public),
            "first_used_at": known.get(name, {}).get("first_used_at"),
        }
        for name, public in trusted.items()
    ]
    return {"items": items}


def open_receipt(actor: Actor, visit_id: str) -> Row:
    """Give the receipt of a visit's latest submission; raises NOT_FOUND before the first."""
    visit = find_visit(actor, visit_id)
    kept = VisitReceipt._get_collection().find_one({"_id": f"{visit_id}:{visit.get('submitted_revision')}"})
    if kept is None:
        raise Problem(problems.NOT_FOUND)
    receipt: Row = kept["receipt"]
    return receipt


def verify_receipt(document: dict[str, Any], settings: Settings) -> Row:
    """Check a receipt that somebody holds: its signature, and whether the very same is kept here.

    `settings` hold the keys. Returns `{"result": valid | altered | unknown_key, "kept", "zh", "en"}`. The two answers
    are independent: a signature made with a stolen key is good, but no such receipt is kept. Who holds no good receipt
    learns nothing of what is kept.
    """
    public = trusted_keys(settings).get(str(document.get("key_id", "")))
    result = "unknown_key"
    if public is not None:
        result = "valid" if signatures.is_signed(document, public) else "altered"
    kept = None
    if result == "valid":
        name = f"{document.get('visit')}:{document.get('revision')}"
        kept = VisitReceipt._get_collection().find_one({"_id": name}, {"receipt": 1})
    zh, en = WORDS[result]
    return {"result": result, "kept": kept is not None and kept["receipt"] == document, "zh": zh, "en": en}
