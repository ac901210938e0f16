"""Attachments named in a visit, and where recordings may be made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from audit_api.domain.checklists import Text

MOST_OF_VISIT = 100
DISCREET = "discreet"
NOT_IN_PROGRAMME = Text(
    "本项目不允许录音（含带声音的视频）；请移除，或上传无声视频",
    "This programme allows no sound recordings, videos with sound included: leave it out, or send a silent video",
)
NOT_DISCREET = Text(
    "此检查表要求隐蔽取证，不得录音（含带声音的视频）",
    "This checklist is captured discreetly: no sound recordings, videos with sound included",
)
NOTHING_TO_RECORD = Text(
    "您的任务所属项目均不允许录音（含带声音的视频），未保存",
    "No programme of yours allows sound recordings, videos with sound included; nothing was kept",
)
OTHER_KIND = Text("附件的实际类型与所填 kind 不符", "The attachment is of another kind than its reference says")

Observation = Mapping[str, Any]


def references(observations: Sequence[Observation]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Give each attachment named, with its item."""
    for observation in observations:
        for reference in observation.get("attachments") or ():
            yield observation["item"], reference


def attachment_hashes(observations: Sequence[Observation]) -> list[str]:
    """Return the hashes of all attachments named, each once, in order."""
    return list(dict.fromkeys(reference["sha256"] for _, reference in references(observations)))


def recording_refusal(*, allowed: bool, capture: str = "open") -> Text | None:
    """Say why sound may not be recorded, None where it may: the programme allows it and the checklist is no secret."""
    if not allowed:
        return NOT_IN_PROGRAMME
    return NOT_DISCREET if capture == DISCREET else None


def refused_recordings(
    observations: Sequence[Observation], facts: Mapping[str, Mapping[str, Any]], refusal: Text
) -> list[dict[str, Any]]:
    """Return an error for each reference that holds sound, by what it says or by what arrived."""
    return [
        _error(item, reference, "recording_not_allowed", refusal)
        for item, reference in references(observations)
        if reference["kind"] == "audio" or facts.get(reference["sha256"], {}).get("has_audio")
    ]


def of_other_kind(observations: Sequence[Observation], facts: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return an error for each reference whose attachment is of another kind than it says."""
    return [
        _error(item, reference, "kind_differs", OTHER_KIND)
        for item, reference in references(observations)
        if reference["sha256"] in facts and facts[reference["sha256"]]["kind"] != reference["kind"]
    ]


def _error(item: str, reference: Mapping[str, Any], code: str, words: Text) -> dict[str, Any]:
    return {"item": item, "slot": reference["slot"], "code": code, "message": {"zh": words.zh, "en": words.en}}
