"""Photos taken within the visit."""

from __future__ import annotations

from datetime import timedelta

from audit_api.domain.visit_checks.check import Check, Limits, Outcome, VisitFacts, moment


def run(facts: VisitFacts, limits: Limits) -> Outcome | None:
    """Find photos taken, by the phone's word, well before or after the visit; follow-up items are watched later."""
    margin = timedelta(minutes=limits.photo_minutes)
    later = {item.id for item in facts.checklist.items if item.follow_up_hours}
    taken = [
        (o["item"], at) for o in facts.observations if o["item"] not in later for photo in o.get("photos") or ()
        if (at := moment(photo.get("taken_at"))) is not None
    ]  # fmt: skip
    if not taken:
        return None
    odd = [item for item, at in taken if not facts.started_at - margin <= at <= facts.ended_at + margin]
    return Outcome(
        not odd,
        float(len(odd)),
        f"{len(odd)} 张照片不是在走访期间拍摄",
        f"{len(odd)} photos were not taken during the visit",
        tuple(dict.fromkeys(odd)),
    )


CHECK = Check(
    "photo_times", "照片拍于走访期间", "Photos within the visit", "times of photos, beginning, end",
    ("check_photo_minutes",), False, run,
)  # fmt: skip
