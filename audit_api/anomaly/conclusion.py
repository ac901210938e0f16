"""Say in plain words what a dossier comes to: what the screening asks, how sure it is, why it asks nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audit_api.anomaly.grades import FLAG, NOT_ASSESSABLE, WATCH
from audit_api.anomaly.look_alike import FITS


def out_of(p: float) -> tuple[str, str]:
    """Say how many honest dealers would show as much, in Chinese (a clause) and English (their number)."""
    for size in (100, 1_000, 10_000):
        if p * size >= 2:
            count = round(p * size)
            return (
                f"{size} 家如实的店中，约有 {count} 家会出现至少这样的情形",
                f"about {count} of {size:,} honest dealers",
            )
    return "1 万家如实的店中，会出现这种情形的不到 2 家", "fewer than 2 of 10,000 honest dealers"


def conclusion(dossier: Mapping[str, Any], *, dealers: int) -> dict[str, dict[str, str]]:
    """Return `headline`, `why` and `how_sure`, each in both languages."""
    grade, evidence = dossier["grade"], dossier["evidence"]
    if grade == NOT_ASSESSABLE or dossier["p"] is None:
        return {
            "headline": {"zh": "数据不足，无法评估", "en": "There is too little data to assess this dealer"},
            "why": {
                "zh": "、".join(dict.fromkeys(x["zh"] for x in dossier["not_assessable"])) + "。",
                "en": "; ".join(dict.fromkeys(x["en"] for x in dossier["not_assessable"])).capitalize() + ".",
            },
            "how_sure": {"zh": "没有结论，也没有怀疑。", "en": "Nothing is concluded, and nothing is suspected."},
        }
    zh, en = out_of(dossier["p"])
    how_sure = {
        "zh": f"{zh}；本次共比较 {dealers} 家店。这不是该店存在问题的概率。",
        "en": f"{en[0].upper()}{en[1:]} would show at least this much; {dealers} dealers were compared. This is not a "
        "probability about this dealer.",
    }
    if grade == FLAG:
        titles = [piece["title"] for piece in evidence if piece["stands_out"]]
        legs = {
            "zh": "相互独立的两组证据同时突出：",
            "en": "Two independent groups of evidence stand out together: ",
        }
        if sum(group["counts_towards_flag"] for group in dossier["groups"]) < 2:
            legs = {"zh": "客户与审核员各自直接说明了情况：", "en": "Customers and auditors say so independently: "}
        return {
            "headline": {"zh": "有一个问题需要人来核实", "en": "There is a question for a person to look into"},
            "why": {
                "zh": legs["zh"] + "、".join(title["zh"] for title in titles) + "。",
                "en": legs["en"] + "; ".join(title["en"] for title in titles) + ".",
            },
            "how_sure": how_sure,
        }  # fmt: skip
    reasons = _why_not(dossier)
    headline = (
        {"zh": "列入关注，没有标记", "en": "On watch, not flagged"}
        if grade == WATCH
        else {"zh": "没有标记", "en": "Not flagged"}
    )
    return {
        "headline": headline,
        "why": {"zh": "".join(r[0] for r in reasons), "en": " ".join(r[1] for r in reasons)},
        "how_sure": how_sure,
    }


def _why_not(dossier: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Give the reasons in words: what stands out alone or not at all, and the honest case that fits."""
    standing = [piece for piece in dossier["evidence"] if piece["stands_out"]]
    groups = {piece["group"] for piece in standing}
    if not standing:
        found = [
            ("所比较的各项都在同类店的正常范围之内。", "Everything compared lies within what similar dealers show.")
        ]
    elif len(groups) == 1:
        zh = "、".join(piece["title"]["zh"] for piece in standing)
        en = "; ".join(piece["title"]["en"] for piece in standing)
        found = [
            (
                f"只有一组证据突出（{zh}），没有另一组独立证据支持；一组证据不足以标记。",
                f"Only one group of evidence stands out ({en}), with no independent second one; one is not enough.",
            )
        ]
    else:
        found = [("有几项突出，但未达到标记的条件：", "Some figures stand out, but not all a flag needs is there:")]
        found += [(reason["zh"], reason["en"]) for reason in dossier["held_back"]]
    level = next((piece for piece in dossier["evidence"] if piece["indicator"] == "discordance"), None)
    if level is not None and not level["stands_out"]:
        found.append(
            (
                "满意度与审核相符：客户打分并不明显高于审核结果所支持的水平。",
                "Survey and audits agree: customers do not mark clearly higher than the audits lead one to expect.",
            )
        )
    fitting = {tested["code"]: tested for tested in dossier["look_alikes"] if tested["verdict"] == FITS}
    # The cases that make a dealer look unusual come first; that everybody marks high explains nobody in particular.
    for code in ("L01", "L05", "call_centre", "L11", "L02", "L08", "L07", "L09"):
        if code in fitting:
            tested = fitting[code]
            found.append(
                (
                    f"{tested['title']['zh']}：{tested['sentence']['zh']}",
                    f"{tested['title']['en']}: {tested['sentence']['en']}",
                )
            )
    found.append(("高分本身不会引起标记。", "High scores alone never raise a flag."))
    return found
