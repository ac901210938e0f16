"""Write a dossier as text for people who read no statistics: what was seen, how sure, what it does not prove."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from audit_api.domain.packaged import packaged_code_book

WORDS = {
    "zh": {
        "title": "经销商 {dealer} 的卷宗", "seen": "看到了什么", "sure": "有多大把握", "not_proved": "不能证明什么",
        "why": "为什么这样评定", "why_not": "为什么没有标记", "held": "条件逐项核对", "alike": "正常情形逐一核对",
        "without": "去掉一项会怎样", "parting": "满意度与审核相差最大的触点", "silent": "无法评估的项目",
        "rows": "依据", "sure_figures": "综合概率 p = {p}，校正后 q = {q}。", "strong": "（突出）",
        "basis": "依据：答卷 {responses} 份，计划内到访 {visits} 次（暗访 {covert} 次），可比店 {peers} 家。",
        "interval": "观察值的 95% 区间：{low} 至 {high}", "ordinary": "未见异常：{titles}。", "join": "、",
        "colon": "：",
        "still": "去掉其中任何一项，仍是标记。",
        "parting_row": "{name}：满意度比全网 {survey:+.0%}，审核比全网 {audit:+.0%}",
    },
    "en": {
        "title": "Dossier of dealer {dealer}", "seen": "What was seen", "sure": "How sure this is",
        "not_proved": "What it does not prove", "why": "Why it is graded so", "why_not": "Why it is not flagged",
        "held": "The conditions of a flag, one by one", "alike": "Innocent explanations, tested one by one",
        "without": "What would be left without one piece", "parting": "Where survey and audit part most",
        "silent": "What could not be assessed", "rows": "Behind it",
        "sure_figures": "Combined chance p = {p}; corrected for the number of dealers q = {q}.",
        "strong": " (stands out)",
        "basis": "It rests on {responses} responses, on planned visits: {visits} ({covert} covert), and on {peers} "
        "comparable dealers.",
        "interval": "95% interval of what was observed: {low} to {high}",
        "ordinary": "Nothing unusual in: {titles}.", "join": "; ", "colon": ": ",
        "still": "Without any single one of the pieces it would still be a flag.",
        "parting_row": "{name}: survey {survey:+.0%} against the network, audits {audit:+.0%}",
    },
}  # fmt: skip
VERDICTS = {
    "fits": {"zh": "符合", "en": "fits"},
    "does_not_fit": {"zh": "不符合", "en": "does not fit"},
    "cannot_be_tested": {"zh": "无法核对", "en": "cannot be tested"},
}
MOST_NAMED = 8
STRONGEST = 3


def touchpoint_name(code: str, language: str) -> str:
    """Name a touchpoint of the code book in `zh` or `en`, by its code where the book has none."""
    found = packaged_code_book().by_code.get(code)
    return found.name.in_language(language) if found else code


def dossier_lines(dossier: Mapping[str, Any], language: str, *, dealer: str = "") -> Iterator[str]:
    """Yield a dossier as Markdown lines in `zh` or `en`; dealer: how to name it, its code where left out."""
    words = WORDS[language]
    ended = dossier["conclusion"]
    flagged = dossier["grade"] == "flag"
    yield f"# {words['title'].format(dealer=dealer or dossier['dealer_id'])}"
    yield ""
    yield f"**{ended['headline'][language]}**"
    yield ""
    yield words["basis"].format(
        responses=dossier["responses"], visits=dossier["planned_visits"], covert=dossier["covert_visits"],
        peers=dossier["peers"],
    )  # fmt: skip
    yield from _section(words["seen"])
    yield from _evidence(dossier["evidence"], language)
    if dossier["parting"]:
        yield from _section(words["parting"])
        for row in dossier["parting"]:
            name = touchpoint_name(row["touchpoint"], language)
            yield "- " + words["parting_row"].format(name=name, survey=row["survey"], audit=row["audit"])
    yield from _section(words["why"] if flagged else words["why_not"])
    yield ended["why"][language]
    if dossier["held_back"]:
        yield from _section(words["held"])
        yield from (f"- {reason[language]}" for reason in dossier["held_back"])
    yield from _section(words["sure"])
    yield ended["how_sure"][language]
    if dossier["p"] is not None:
        yield words["sure_figures"].format(p=chance(dossier["p"]), q=chance(dossier["q"]))
    if flagged:
        yield from _section(words["without"])
        changed = [left for left in dossier["without"] if left["grade"] != dossier["grade"]]
        yield from (f"- {left['sentence'][language]}" for left in changed)
        if not changed:
            yield words["still"]
    yield from _section(words["alike"])
    for tested in dossier["look_alikes"]:
        code = f"{tested['code']} " if tested["code"].startswith("L") else ""
        verdict = VERDICTS[tested["verdict"]][language]
        yield f"- **{code}{tested['title'][language]}{words['colon']}{verdict}** {tested['sentence'][language]}"
    if dossier["not_assessable"]:
        yield from _section(words["silent"])
        reasons: dict[str, list[str]] = {}
        for silent in dossier["not_assessable"]:
            reasons.setdefault(silent[language], []).append(silent["title"][language])
        yield from (f"- {words['join'].join(titles)}: {reason}" for reason, titles in reasons.items())
    yield from _section(words["not_proved"])
    yield from (f"- {limit[language]}" for limit in dossier["limits"])


def _evidence(evidence: Sequence[Mapping[str, Any]], language: str) -> Iterator[str]:
    """Tell what stands out, or else the three strongest pieces; name the rest, which is as elsewhere."""
    words = WORDS[language]
    told = [piece for piece in evidence if piece["stands_out"]] or list(evidence[:STRONGEST])
    for piece in told:
        yield f"- {piece['sentence'][language]}{words['strong'] if piece['stands_out'] else ''}"
        if piece["stands_out"] and (limits := piece.get("interval")):
            low, high = (f"{x:.0%}" if piece["unit"] == "share" else f"{x:+.2f}" for x in limits)
            yield f"  - {words['interval'].format(low=low, high=high)}"
        if piece["stands_out"]:
            yield from (f"  - {words['rows']}: {line}" for line in _rows(piece["rows"], language))
    if ordinary := [piece["title"][language] for piece in evidence if piece not in told]:
        yield f"- {words['ordinary'].format(titles=words['join'].join(ordinary))}"


def chance(p: float) -> str:
    """Write a probability with two digits that mean something, never as zero."""
    return "<0.0001" if p < 1e-4 else f"{p:.4f}" if p < 0.01 else f"{p:.2f}"


def _section(title: str) -> tuple[str, str, str]:
    return "", f"## {title}", ""


def _rows(rows: Any, language: str) -> Iterator[str]:
    """Name the rows behind a piece, a few of each kind."""
    if not isinstance(rows, Mapping):
        return
    for name, values in rows.items():
        if not isinstance(values, list) or not values:
            continue
        if all(isinstance(value, str) for value in values):
            shown, more = values[:MOST_NAMED], len(values) - MOST_NAMED
            kind = {"visits": {"zh": "走访", "en": "visits"}, "responses": {"zh": "答卷", "en": "responses"}}
            label = kind.get(name, {}).get(language, name)
            yield f"{label} {', '.join(shown)}" + (f" (+{more})" if more > 0 else "")
        elif name == "clusters":
            first = values[0][:MOST_NAMED]
            yield (
                f"{len(values)} 组相互雷同的答卷，最大一组：{', '.join(first)}"
                if language == "zh"
                else f"{len(values)} groups of near-identical responses, the largest: {', '.join(first)}"
            )
