"""What a reader is shown of a visit's result: everything for staff, a narrow part for the dealer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from audit_api.domain.checklists import NOT_APPLICABLE, Checklist, Item, Text
from audit_api.domain.item_rules import is_adverse
from audit_api.domain.touchpoints import CodeBook
from audit_api.domain.visits import COVERT, half_day, is_shown_to_dealer

Document = dict[str, Any]
COMMON = ("wave", "programme", "dealer", "mode", "domain", "state")


def dealer_result(
    visit: Mapping[str, Any], checklist: Checklist, findings: Iterable[Document], book: CodeBook, timezone: str
) -> Document:
    """Return a released result for the dealer: scores, caps, limits, scored items, findings.

    Never the auditor, the client, positions, clock times (half-days of a covert visit), integrity items or
    detection thresholds.
    """
    return {
        **_common(visit, checklist, book),
        "visited": _when(visit, "started_at", timezone),
        "released": _when(visit, "released_at", timezone),
        "items": dealer_items(visit, checklist),
        "findings": list(findings),
    }


def dealer_items(visit: Mapping[str, Any], checklist: Checklist) -> list[Document]:
    """Return the items of the dealer's form; `photos` holds SHA-256s, which the dealer must not be told."""
    shown = {item.id for item in checklist.items if is_shown_to_dealer(item, checklist.mode)}
    return [
        entry | {"photos": [photo["sha256"] for photo in entry["photos"]]}
        for entry in _items(visit, checklist)
        if entry["item"] in shown and entry["reason"] != "hidden"
    ]


def _when(visit: Mapping[str, Any], name: str, timezone: str) -> Document:
    """Tell a covert visit's time as a half-day; of any other visit the moment as well."""
    moment = visit[name]
    told = asdict(half_day(moment, timezone))
    return told if visit["mode"] == COVERT else {**told, "at": moment}


def staff_result(
    visit: Mapping[str, Any], checklist: Checklist, findings: Iterable[Document], book: CodeBook
) -> Document:
    """Return the whole result for quality control and programme management."""
    items = []
    for entry in _items(visit, checklist):
        item = checklist.item(entry["item"])
        integrity = item.integrity
        items.append(
            entry
            | {
                "integrity_signal": None if integrity is None else integrity.signal,
                "adverse": None if integrity is None else is_adverse(item, entry["value"]),
            }
        )
    names = (
        "assignment", "selected_by", "auditor", "brand", "revision", "record_revision", "content_hash", "started_at",
        "ended_at", "received_at", "updated_at", "submitted_at", "earliest_release_at", "released_at", "skew_seconds",
        "client", "unverified", "returned",
    )  # fmt: skip
    return {
        **_common(visit, checklist, book),
        **{name: visit.get(name) for name in names},
        "expected_duration_min": checklist.expected_duration_min,
        "items": items,
        "scores": [
            {**{n: kept[n] for n in ("at", "reason", "by", "revision")}, **_total(kept["score"])}
            for kept in visit.get("scores", [])
        ],
        "findings": list(findings),
    }


def result_summary(visit: Mapping[str, Any], timezone: str) -> Document:
    """Return one line of a list of results, fit for the dealer."""
    released_at = visit.get("released_at")
    return {
        "visit": visit["_id"],
        **{name: visit[name] for name in COMMON},
        "checklist": visit["checklist"],
        "visited": asdict(half_day(visit["started_at"], timezone)),
        "released": None if released_at is None else asdict(half_day(released_at, timezone)),
        **_total(visit["score"]),
    }


def _total(score: Mapping[str, Any]) -> Document:
    return {name: score[name] for name in ("raw", "capped", "triggered_by", "coverage", "sufficient")}


def _common(visit: Mapping[str, Any], checklist: Checklist, book: CodeBook) -> Document:
    score = visit["score"]
    titles = {section.code: section.title for section in checklist.sections}
    return {
        "visit": visit["_id"],
        **{name: visit[name] for name in COMMON},
        "checklist": {"code": checklist.code, "version": checklist.version, "title": _words(checklist.title)},
        "score": {**_total(score), "pass_at": checklist.pass_at, "watch_at": checklist.watch_at},
        "sections": [
            {**section, "title": _words(titles[section["code"]])} for section in score["sections"] if section["weight"]
        ],
        "touchpoints": [{**touchpoint, "name": _name(book, touchpoint["code"])} for touchpoint in score["touchpoints"]],
    }


def _items(visit: Mapping[str, Any], checklist: Checklist) -> list[Document]:
    observed = {observation["item"]: observation for observation in visit["observations"]}
    found = []
    for scored in visit["score"]["items"]:
        item = checklist.item(scored["item"])
        observation = observed.get(item.id) or {}
        value = observation.get("value")
        found.append(
            {
                **scored,
                "type": item.type,
                "text": _words(item.text),
                "value": value,
                "answer": answer_words(item, value),
                "comment": observation.get("comment") or None,
                "cap": None if item.critical is None else {"cap": item.critical.cap, "max": item.critical.max_score},
                "photos": list(observation.get("photos") or ()),
            }
        )
    return found


def answer_words(item: Item, value: Any) -> list[Document]:
    """Return the words of what was chosen, in both languages; empty where the value speaks for itself."""
    if value == NOT_APPLICABLE:
        return [{"zh": "不适用", "en": "not applicable"}]
    if item.type == "yes_no" and value in ("yes", "no"):
        return [{"zh": "是", "en": "yes"} if value == "yes" else {"zh": "否", "en": "no"}]
    chosen = value if isinstance(value, list | tuple) else [value]
    options = [item.option(code) for code in chosen] if item.options else []
    return [_words(option.text) for option in options if option is not None]


def _words(text: Text) -> Document:
    return {"zh": text.zh, "en": text.en}


def _name(book: CodeBook, code: str) -> Document:
    touchpoint = book.by_code.get(code)
    return {"zh": code, "en": code} if touchpoint is None else _words(touchpoint.name)
