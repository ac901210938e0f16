"""How two versions of a visit differ, as data and in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit_api.domain.checklists import Checklist, Text
from audit_api.domain.evidence_rules import answers_of
from audit_api.domain.relevance import visible_items
from audit_api.domain.results import answer_words

Version = Mapping[str, Any]
FIELDS = {
    "dealer": Text("经销商", "dealer"),
    "auditor": Text("审核员", "auditor"),
    "checklist": Text("检查表", "checklist"),
    "selected_by": Text("选店原因", "reason of the visit"),
    "started_at": Text("开始时间", "start"),
    "ended_at": Text("结束时间", "end"),
    "submitted_at": Text("提交时间", "time of submission"),
    "correction": Text("更正说明", "reason of the correction"),
}
"""What holds for a visit as a whole; a version that does not say one of them is not compared on it."""
PARTS = {
    "value": Text("答案", "answer"),
    "comment": Text("备注", "comment"),
    "photos": Text("照片", "photos"),
    "attachments": Text("附件", "attachments"),
}
HASHED_PARTS = ("photos", "attachments")
NOTHING = Text("空", "nothing")
LONGEST_QUOTED = 200


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs: of the visit as a whole (`item` empty) or of one item."""

    item: str
    part: str
    before: Any
    after: Any
    words: Text

    def document(self) -> dict[str, Any]:
        """Give the difference as it goes on the wire."""
        words = {"zh": self.words.zh, "en": self.words.en}
        return {"item": self.item, "part": self.part, "before": self.before, "after": self.after, "words": words}


def differences(before: Version, after: Version, checklists: tuple[Checklist, Checklist]) -> list[Difference]:
    """Return what differs, first of the visit as a whole, then by item in the order of the later checklist.

    When an answer was given (`answered_at`) is no difference of its own: phones send it anew.
    """
    found = []
    for name, label in FIELDS.items():
        pair = (_plain(before.get(name)), _plain(after.get(name)))
        if name in before and name in after and pair[0] != pair[1]:
            found.append(_difference("", name, pair, (_told(pair[0]), _told(pair[1])), label))
    old, new = (_by_item(version["observations"]) for version in (before, after))
    order = {item.id: None for checklist in reversed(checklists) for item in checklist.items}
    for item in order:
        for part in PARTS:
            pair = (_part(old.get(item), part), _part(new.get(item), part))
            if pair[0] != pair[1]:
                found.append(_of_item(item, part, pair, checklists))
    return found


def changed_items(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> set[str]:
    """Return the items of which answer, comment, photos or attachments differ."""
    old, new = _by_item(before), _by_item(after)
    return {item for item in {*old, *new} if any(_part(old.get(item), p) != _part(new.get(item), p) for p in PARTS)}


def not_asked(
    checklist: Checklist, asked: Sequence[str], before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Return the items that changed though nobody asked, in the order of the checklist; all are asked if none is.

    An item that a change shows or hides follows from that change.
    """
    if not asked:
        return []
    changed = changed_items(before, after) - set(asked)
    answers = (answers_of(checklist, observations) for observations in (before, after))
    moved = frozenset.symmetric_difference(*(visible_items(checklist, given) for given in answers))
    return [item.id for item in checklist.items if item.id in changed and item.id not in moved]


def _by_item(observations: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    return {observation["item"]: observation for observation in observations}


def _part(observation: Mapping[str, Any] | None, part: str) -> Any:
    found = (observation or {}).get(part)
    if part in HASHED_PARTS:
        return [named["sha256"] for named in found or ()]
    return found or None if part == "comment" else found


def _of_item(item: str, part: str, pair: tuple[Any, Any], checklists: tuple[Checklist, Checklist]) -> Difference:
    texts = [_in_words(item, part, value, checklist) for value, checklist in zip(pair, checklists, strict=True)]
    asked = next(checklist.by_id[item] for checklist in reversed(checklists) if item in checklist.by_id)
    label = Text(f"{item} {asked.text.zh}，{PARTS[part].zh}", f"{item} {asked.text.en}, {PARTS[part].en}")
    return _difference(item, part, pair, (texts[0], texts[1]), label)


def _difference(item: str, part: str, pair: tuple[Any, Any], texts: tuple[Text, Text], label: Text) -> Difference:
    words = Text(
        f"{label.zh}：由“{texts[0].zh}”改为“{texts[1].zh}”",
        f"{label.en}: changed from “{texts[0].en}” to “{texts[1].en}”",
    )
    return Difference(item, part, *pair, words)


def _in_words(item: str, part: str, value: Any, checklist: Checklist) -> Text:
    if part in HASHED_PARTS:
        return Text(f"{len(value)} {'张' if part == 'photos' else '个'}", str(len(value)))
    if part == "value" and item in checklist.by_id and (chosen := answer_words(checklist.item(item), value)):
        return Text("、".join(one["zh"] for one in chosen), ", ".join(one["en"] for one in chosen))
    return _told(value)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _told(value: Any) -> Text:
    if value is None:
        return NOTHING
    if isinstance(value, Mapping) and "code" in value:
        value = f"{value['code']} {value['version']}"
    text = str(value)
    text = text if len(text) <= LONGEST_QUOTED else text[: LONGEST_QUOTED - 1] + "…"
    return Text(text, text)
