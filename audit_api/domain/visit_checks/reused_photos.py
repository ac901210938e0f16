"""Photos that another visit used before, byte for byte."""

from __future__ import annotations

from audit_api.domain.visit_checks.check import Check, Limits, Outcome, VisitFacts


def run(facts: VisitFacts, limits: Limits) -> Outcome | None:
    """Find photos of another dealer's visit, or of one more than a day before."""
    again = [
        o["item"] for o in facts.observations for photo in o.get("photos") or ()
        if photo["sha256"] in facts.reused_photos
    ]  # fmt: skip
    return Outcome(
        not again,
        float(len(again)),
        f"{len(again)} 张照片与此前走访的照片逐字节相同",
        f"{len(again)} photos have the very bytes of an earlier visit's",
        tuple(dict.fromkeys(again)),
    )


CHECK = Check("reused_photos", "照片未重复使用", "Photos not used before", "SHA-256 of all photos", (), True, run)
