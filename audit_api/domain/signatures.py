"""Detached signatures that anyone can check: Ed25519 (RFC 8032) over canonical JSON."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from audit_api.domain.visits import canonical_json

ALGORITHM = "Ed25519"


class KeyUnreadableError(ValueError):
    """Say that a text holds no Ed25519 public key."""


def public_key(seed: bytes) -> bytes:
    """Give the 32 bytes of the public key that belongs to a private one."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def key_id(public: bytes) -> str:
    """Name a key by itself: the first 16 hex digits of its SHA-256, so that no two keys share a name."""
    return hashlib.sha256(public).hexdigest()[:16]


def signed_bytes(document: Mapping[str, Any]) -> bytes:
    """Give the bytes that are signed: canonical JSON (sorted keys, no white space, UTF-8) of all but `signature`.

    For texts and whole numbers this is RFC 8785, and what `jq -cjS 'del(.signature)'` writes.
    """
    return canonical_json({name: value for name, value in document.items() if name != "signature"})


def sign(document: Mapping[str, Any], seed: bytes) -> dict[str, Any]:
    """Give the document with `algorithm`, `key_id` and `signature` (base64); the signature covers the first two."""
    whole = {**document, "algorithm": ALGORITHM, "key_id": key_id(public_key(seed))}
    signature = Ed25519PrivateKey.from_private_bytes(seed).sign(signed_bytes(whole))
    return {**whole, "signature": base64.b64encode(signature).decode()}


def is_signed(document: Mapping[str, Any], public: bytes) -> bool:
    """Tell whether a document carries the signature of a public key, and names it."""
    text = document.get("signature")
    if document.get("algorithm") != ALGORITHM or document.get("key_id") != key_id(public) or not isinstance(text, str):
        return False
    try:
        signature = base64.b64decode(text, validate=True)
        # Base64 can write the same bytes in several ways; only one of them is ours.
        if base64.b64encode(signature).decode() != text:
            return False
        Ed25519PublicKey.from_public_bytes(public).verify(signature, signed_bytes(document))
    except (binascii.Error, InvalidSignature, ValueError):
        return False
    return True


def as_pem(public: bytes) -> str:
    """Write a public key as PEM, as OpenSSL reads it."""
    key = Ed25519PublicKey.from_public_bytes(public)
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, kind).decode()


def from_pem(text: str) -> bytes:
    """Read a public key from PEM; raises KeyUnreadableError."""
    try:
        key = serialization.load_pem_public_key(text.encode())
    except ValueError as error:
        raise KeyUnreadableError("not a public key in PEM") from error
    if not isinstance(key, Ed25519PublicKey):
        raise KeyUnreadableError("a public key of another kind than Ed25519")
    return key.public_bytes_raw()
