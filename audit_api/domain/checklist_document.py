"""A checklist as plain data and back: what phones receive and what is stored.

Reading back trusts the data: it was checked when it was published, and later, stricter rules must not make a
published version unreadable.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audit_api.domain.checklists import (
    SCHEMA,
    AllOf,
    AnyOf,
    Band,
    Checklist,
    Comparison,
    Condition,
    Contradiction,
    Critical,
    Evidence,
    Integrity,
    Item,
    Option,
    Section,
    Text,
)


def to_document(checklist: Checklist) -> dict[str, Any]:
    """Return the checklist with the keys of its file."""
    made = {
        "schema": SCHEMA,
        "code": checklist.code,
        "version": checklist.version,
        "title": text_document(checklist.title),
        "mode": checklist.mode,
        "domain": checklist.domain,
        "expected_duration_min": checklist.expected_duration_min,
        "capture": checklist.capture,
        "auditor_notes": text_document(checklist.auditor_notes) if checklist.auditor_notes else None,
        "thresholds": {"pass": checklist.pass_at, "watch": checklist.watch_at},
        "sections": [
            {
                "code": section.code,
                "title": text_document(section.title),
                "weight": section.weight,
                "items": [_item(item) for item in section.items],
            }
            for section in checklist.sections
        ],
    }
    if checklist.contradicts:
        made["contradicts"] = [
            {"pair": [_condition(one) for one in found.pair], "why": text_document(found.why)}
            for found in checklist.contradicts
        ]
    return made


def text_document(text: Text) -> dict[str, str]:
    """Return a text as {zh, en}."""
    return {"zh": text.zh, "en": text.en}


def _item(item: Item) -> dict[str, Any]:
    evidence = item.evidence
    made: dict[str, Any] = {
        "id": item.id,
        "touchpoint": item.touchpoint,
        "type": item.type,
        "text": text_document(item.text),
        "guidance": text_document(item.guidance),
        "weight": item.weight,
        "required": item.required,
        "allow_na": item.allow_na,
        "evidence": {"rule": evidence.rule, "min_photos": evidence.min_photos, "gallery": evidence.gallery},
        "expectations": list(item.expectations),
    }
    if evidence.of:
        made["evidence"]["of"] = text_document(evidence.of)
    for key in ("pass_on", "combine", "unit", "scale"):
        if getattr(item, key) is not None:
            made[key] = getattr(item, key)
    if item.min_chars:
        made["min_chars"] = item.min_chars
    if item.follow_up_hours:
        made["follow_up_hours"] = item.follow_up_hours
    if item.options:
        made["options"] = [_option(option) for option in item.options]
    if item.bands:
        made["bands"] = [{"up_to": band.up_to, "score": band.score} for band in item.bands]
    if item.show_if:
        made["show_if"] = _condition(item.show_if)
    if item.critical:
        cap = item.critical
        made["critical"] = {"cap": cap.cap, "max_score": cap.max_score, "fail_below": cap.fail_below}
    if item.integrity:
        made["integrity"] = {"signal": item.integrity.signal, "adverse": _adverse(item.integrity)}
    return made


def _option(option: Option) -> dict[str, Any]:
    score = {} if option.score is None else {"score": option.score}
    return {"code": option.code, **text_document(option.text), **score}


def _condition(condition: Condition) -> dict[str, Any]:
    if isinstance(condition, Comparison):
        made: dict[str, Any] = {"item": condition.item, "op": condition.op}
        if condition.value is not None:
            made["value"] = list(condition.value) if isinstance(condition.value, tuple) else condition.value
        return made
    return {"all" if isinstance(condition, AllOf) else "any": [_condition(part) for part in condition.parts]}


def _adverse(integrity: Integrity) -> Any:
    if integrity.op == "context":
        return "context"
    if integrity.op == "in":
        return list(integrity.values)
    return {"op": integrity.op, "value": integrity.values[0]}


def from_document(document: Mapping[str, Any]) -> Checklist:
    """Return the checklist a document was made of."""
    notes = document.get("auditor_notes")
    return Checklist(
        code=document["code"],
        version=document["version"],
        title=Text(**document["title"]),
        mode=document["mode"],
        domain=document["domain"],
        expected_duration_min=document["expected_duration_min"],
        capture=document["capture"],
        auditor_notes=Text(**notes) if notes else None,
        pass_at=document["thresholds"]["pass"],
        watch_at=document["thresholds"]["watch"],
        sections=tuple(
            Section(
                section["code"],
                Text(**section["title"]),
                section["weight"],
                tuple(_read_item(item) for item in section["items"]),
            )
            for section in document["sections"]
        ),
        contradicts=tuple(
            Contradiction(
                (_read_comparison(found["pair"][0]), _read_comparison(found["pair"][1])), Text(**found["why"])
            )
            for found in document.get("contradicts", ())
        ),
    )


def _read_item(item: Mapping[str, Any]) -> Item:
    evidence = item["evidence"]
    return Item(
        id=item["id"],
        touchpoint=item["touchpoint"],
        type=item["type"],
        text=Text(**item["text"]),
        guidance=Text(**item["guidance"]),
        weight=item["weight"],
        required=item["required"],
        allow_na=item["allow_na"],
        evidence=Evidence(
            evidence["rule"],
            evidence["min_photos"],
            Text(**evidence["of"]) if "of" in evidence else None,
            evidence["gallery"],
        ),
        expectations=tuple(item["expectations"]),
        pass_on=item.get("pass_on"),
        options=tuple(
            Option(option["code"], Text(option["zh"], option["en"]), option.get("score"))
            for option in item.get("options", ())
        ),
        combine=item.get("combine"),
        bands=tuple(Band(band["up_to"], band["score"]) for band in item.get("bands", ())),
        unit=item.get("unit"),
        scale=item.get("scale"),
        min_chars=item.get("min_chars", 0),
        show_if=_read_condition(item["show_if"]) if "show_if" in item else None,
        critical=Critical(**item["critical"]) if "critical" in item else None,
        integrity=_read_integrity(item["integrity"]) if "integrity" in item else None,
        follow_up_hours=item.get("follow_up_hours", 0),
    )


def _read_condition(document: Mapping[str, Any]) -> Condition:
    for key, join in (("all", AllOf), ("any", AnyOf)):
        if key in document:
            return join(tuple(_read_condition(part) for part in document[key]))
    return _read_comparison(document)


def _read_comparison(document: Mapping[str, Any]) -> Comparison:
    value = document.get("value")
    return Comparison(document["item"], document["op"], tuple(value) if isinstance(value, list) else value)


def _read_integrity(document: Mapping[str, Any]) -> Integrity:
    adverse = document["adverse"]
    if adverse == "context":
        return Integrity(document["signal"], "context")
    if isinstance(adverse, Mapping):
        return Integrity(document["signal"], adverse["op"], (adverse["value"],))
    return Integrity(document["signal"], "in", tuple(adverse))
