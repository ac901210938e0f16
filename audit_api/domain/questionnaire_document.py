"""A questionnaire as plain data and back; reading back trusts what was checked when it was published."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audit_api.domain.checklist_document import text_document
from audit_api.domain.checklists import Text
from audit_api.domain.questionnaires import SCHEMA, FieldWindow, Level, Questionnaire, Scale, SurveyItem


def to_document(questionnaire: Questionnaire) -> dict[str, Any]:
    """Return the questionnaire with the keys of its file."""
    window = questionnaire.field_window
    return {
        "schema": SCHEMA,
        "code": questionnaire.code,
        "version": questionnaire.version,
        "title": text_document(questionnaire.title),
        "domain": questionnaire.domain,
        "field_window_days": {
            "open_after": window.open_after_days,
            "close_after": window.close_after_days,
            "event": window.event,
        },
        "channels": list(questionnaire.channels),
        "scales": {scale.name: _scale(scale) for scale in questionnaire.scales},
        "rotation": {"expectation_pairs_per_respondent": questionnaire.expectation_pairs_per_respondent},
        "items": [_item(item) for item in questionnaire.items],
    }


def _scale(scale: Scale) -> Any:
    if scale.low is None or scale.low_text is None or scale.high_text is None:
        return [_level(level) for level in scale.levels]
    ends = (scale.low_text, scale.high_text)
    return {
        "min": scale.low,
        "max": scale.high,
        "zh": [end.zh for end in ends],
        "en": [end.en for end in ends],
    }


def _level(level: Level) -> dict[str, Any]:
    return {"value": level.value, **text_document(level.text)}


def _item(item: SurveyItem) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": item.id,
        "touchpoint": item.touchpoint,
        "role": item.role,
        "scale": item.scale,
        "text": text_document(item.text),
        "required": item.required,
        "allow_na": item.allow_na,
    }
    for key in ("pair", "favourable", "signal", "arm"):
        if getattr(item, key) is not None:
            made[key] = getattr(item, key)
    if item.adverse:
        made["adverse"] = list(item.adverse)
    if item.options:
        made["options"] = [_level(level) for level in item.options]
    if item.statements:
        made["statements"] = [text_document(text) for text in item.statements]
    return made


def from_document(document: Mapping[str, Any]) -> Questionnaire:
    """Return the questionnaire a document was made of."""
    window = document["field_window_days"]
    return Questionnaire(
        code=document["code"],
        version=document["version"],
        title=Text(**document["title"]),
        domain=document["domain"],
        field_window=FieldWindow(window["open_after"], window["close_after"], window["event"]),
        channels=tuple(document["channels"]),
        scales=tuple(_read_scale(name, scale) for name, scale in document["scales"].items()),
        items=tuple(_read_item(item) for item in document["items"]),
        expectation_pairs_per_respondent=document["rotation"]["expectation_pairs_per_respondent"],
    )


def _read_scale(name: str, scale: Any) -> Scale:
    if isinstance(scale, list):
        return Scale(name, levels=tuple(_read_level(level) for level in scale))
    low, high = (Text(*pair) for pair in zip(scale["zh"], scale["en"], strict=True))
    return Scale(name, low=scale["min"], high=scale["max"], low_text=low, high_text=high)


def _read_level(level: Mapping[str, Any]) -> Level:
    return Level(level["value"], Text(level["zh"], level["en"]))


def _read_item(item: Mapping[str, Any]) -> SurveyItem:
    return SurveyItem(
        id=item["id"],
        touchpoint=item["touchpoint"],
        role=item["role"],
        scale=item["scale"],
        text=Text(**item["text"]),
        required=item["required"],
        allow_na=item["allow_na"],
        pair=item.get("pair"),
        favourable=item.get("favourable"),
        adverse=tuple(item.get("adverse", ())),
        signal=item.get("signal"),
        options=tuple(_read_level(level) for level in item.get("options", ())),
        arm=item.get("arm"),
        statements=tuple(Text(**text) for text in item.get("statements", ())),
    )
