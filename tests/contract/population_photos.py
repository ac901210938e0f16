"""Photos sent by three auditors, and the visits that name them."""

from __future__ import annotations

import hashlib
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PIL import Image

from audit_api.models.base import collection
from audit_api.operations import photos

if TYPE_CHECKING:
    from tests.contract.world import World

AT = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
SENT = {
    "own": ("auditor", "D0001"),
    "other_dealer": ("auditor of D0002", "D0002"),
    "other_brand": ("auditor of Borealis", "D0003"),
}


def photo(whose: str) -> bytes:
    """Draw the photo of one of the three; the same bytes every time."""
    out = io.BytesIO()
    Image.new("RGB", (40, 30), ("red", "green", "blue")[list(SENT).index(whose)]).save(out, "PNG")
    return out.getvalue()


def hash_of(whose: str) -> str:
    """Name the photo of one of the three."""
    return hashlib.sha256(photo(whose)).hexdigest()


def send_photos(world: World) -> None:
    """Send the photos through the operation, and name each in a visit of its auditor."""
    services = world.app.extensions["audit"]
    for whose, (name, dealer) in SENT.items():
        auditor = world.actors[name]
        photos.receive_photo(
            services.store, io.BytesIO(photo(whose)), hash_of(whose), settings=services.settings, actor=auditor, at=AT
        )
        collection("visits").insert_one(
            {
                "_id": f"00000000-0000-4000-8000-00000000{dealer[1:]}", "revision": 1, "content_hash": "0" * 64,
                "state": "started", "active": True, "assignment": f"PHOTO-{dealer}", "wave": "W0", "programme": "P0",
                "brand": "Borealis" if dealer == "D0003" else "Aurora", "dealer": dealer, "mode": "announced",
                "domain": "sales", "selected_by": "plan", "auditor": auditor.id,
                "checklist": {"code": "SMS", "version": 1}, "started_at": AT, "ended_at": None, "locale": "zh",
                "client": {}, "received_at": AT, "updated_at": AT, "skew_seconds": 0.0, "record_revision": 1,
                "observations": [
                    {"item": "SMS-PRI-01", "value": "yes", "photos": [{"slot": "1", "sha256": hash_of(whose)}]}
                ],
            }
        )  # fmt: skip
