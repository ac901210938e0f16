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
        "terms": "数字怎么读", "share": "审核无法解释的满分",
        "rows": "依据", "sure_figures": "（统计值：综合概率 {p}；按共同比较的店数校正后 {q}。）", "strong": "（突出）",
        "basis": "依据：答卷 {responses} 份，计划内走访 {visits}，可比店 {peers} 家。",
        "interval": "若多次重复调查，这一数值大致会落在 {low} 至 {high} 之间", "ordinary": "未见异常：{titles}。",
        "join": "、", "colon": "：",
        "still": "去掉其中任何一项，仍是标记。",
        "blind": "盲审中：此处只有所见的情况，统计结果在作出决定之后显示。",
        "parting_row": "{name}：客户打分比全网{survey}，审核通过率比全网{audit}",
        "parting_note": "一次走访只看到一天的情况；"
        "个别触点相差大，往往只是客户看重的事情不同，各触点普遍相差才值得追问。",
    },
    "en": {
        "title": "Dossier of dealer {dealer}", "seen": "What was seen", "sure": "How sure this is",
        "not_proved": "What it does not prove", "why": "Why it is graded so", "why_not": "Why it is not flagged",
        "held": "The conditions of a flag, one by one", "alike": "Innocent explanations, tested one by one",
        "without": "What would be left without one piece", "parting": "Where survey and audit part most",
        "silent": "What could not be assessed", "rows": "Behind it",
        "terms": "How to read the figures", "share": "Full marks that the audits do not explain",
        "sure_figures": "(In figures: combined chance {p}; corrected for the number of dealers compared, {q}.)",
        "strong": " (stands out)",
        "basis": "It rests on {responses} responses, {visits} and {peers} comparable dealers.",
        "interval": "Were the survey repeated, this figure would mostly lie between {low} and {high}",
        "ordinary": "Nothing unusual in: {titles}.", "join": "; ", "colon": ": ",
        "still": "Without any single one of the pieces it would still be a flag.",
        "blind": "Read blind: here is what was seen; the statistics are shown once it is decided.",
        "parting_row": "{name}: customers mark {survey} the network, audits pass {audit}",
        "parting_note": "One visit sees one day, and a wide gap at single touchpoints often means that customers care "
        "for other things; it is a gap everywhere that raises a question.",
    },
}  # fmt: skip
TERMS = {
    "zh": (
        "“偶然达到的概率”：一家如实的店仅凭运气出现这样数值的机会。概率小只说明值得追问，不说明原因。",
        "“标准差”：答卷之间通常相差多少的单位；约三分之二的答卷与平均水平相差不到一个标准差。",
        "“误差”：份数有限带来的不确定；差别不到误差的两倍，就不能算看出差别。",
        "“校正后”：同时比较很多家店，总有几家凑巧显得特殊；校正就是扣除这种凑巧。",
    ),
    "en": (
        '"Chance of this much": how often an honest dealer shows such a figure by luck alone. A small chance is a '
        "reason to ask; it tells no cause.",
        '"Standard deviation": by how much sheets usually differ; two in three lie within one of the mean.',
        '"Error": how unsure a figure is because answers are few; a difference below twice the error is none that '
        "can be seen.",
        '"Corrected": among many dealers some look special by luck; the correction allows for that.',
    ),
}
VERDICTS = {
    "fits": {"zh": "符合", "en": "fits"},
    "does_not_fit": {"zh": "不符合", "en": "does not fit"},
    "cannot_be_tested": {"zh": "无法核对", "en": "cannot be tested"},
}
MOST_NAMED = 8
STRONGEST = 3
PARTING_FROM = 0.05
"""A touchpoint is named where the survey lies at least so far above the audits, in share of full marks."""


def touchpoint_name(code: str, language: str) -> str:
    """Name a touchpoint of the code book in `zh` or `en`, by its code where the book has none."""
    found = packaged_code_book().by_code.get(code)
    return found.name.in_language(language) if found else code


def dossier_lines(dossier: Mapping[str, Any], language: str, *, dealer: str = "") -> Iterator[str]:
    """Yield a dossier as Markdown lines in `zh` or `en`; dealer: how to name it, its code where left out.

    One that is read blind comes without what grades it.
    """
    words = WORDS[language]
    blind = bool(dossier.get("blind"))
    yield f"# {words['title'].format(dealer=dealer or dossier['dealer_id'])}"
    yield ""
    yield f"**{words['blind'] if blind else dossier['conclusion']['headline'][language]}**"
    yield ""
    yield basis(dossier, language)
    if not blind:
        yield from _reasons(dossier, language)
    yield from _section(words["seen"])
    yield from _evidence(dossier["evidence"], language, blind=blind)
    yield from _parting(dossier["parting"], language)
    if share := dossier.get("unexplained_top_share"):
        yield from _section(words["share"])
        yield share["sentence"][language]
        yield share["assumptions"][language]
    if not blind:
        yield from _sure(dossier, language)
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
        yield from (f"- {words['join'].join(titles)}{words['colon']}{reason}" for reason, titles in reasons.items())
    yield from _section(words["not_proved"])
    yield from (f"- {limit[language]}" for limit in dossier["limits"])
    yield from _section(words["terms"])
    yield from (f"- {term}" for term in TERMS[language])


def basis(dossier: Mapping[str, Any], language: str) -> str:
    """Say on how many responses, visits and comparable dealers a dossier rests."""
    return WORDS[language]["basis"].format(
        responses=dossier["responses"], visits=_visits(dossier, language), peers=dossier["peers"]
    )


def _visits(dossier: Mapping[str, Any], language: str) -> str:
    """Count the planned visits a dossier rests on, and the covert ones among them."""
    visits, covert = dossier["planned_visits"], dossier["covert_visits"]
    if language == "zh":
        return f"{visits} 次" + (f"（其中暗访 {covert} 次）" if visits else "")
    told = f"{visits} planned visit" + ("" if visits == 1 else "s")
    if not visits:
        return told
    return told + (" (covert)" if covert == visits == 1 else f" ({covert} covert)")


def _reasons(dossier: Mapping[str, Any], language: str) -> Iterator[str]:
    """Say why it is graded so, or why it is not flagged, with the conditions that are not met."""
    words, flagged = WORDS[language], dossier["grade"] == "flag"
    yield from _section(words["why"] if flagged else words["why_not"])
    yield dossier["conclusion"]["why"][language]
    if dossier["held_back"]:
        yield from _section(words["held"])
        yield from (f"- {reason[language]}" for reason in dossier["held_back"])


def _sure(dossier: Mapping[str, Any], language: str) -> Iterator[str]:
    """Say how sure it is, and what would be left of a flag without one piece."""
    words = WORDS[language]
    yield from _section(words["sure"])
    yield dossier["conclusion"]["how_sure"][language]
    if dossier["p"] is not None:
        yield words["sure_figures"].format(p=chance(dossier["p"]), q=chance(dossier["q"]))
    if dossier["grade"] == "flag":
        yield from _section(words["without"])
        changed = [left for left in dossier["without"] if left["grade"] != dossier["grade"]]
        yield from (f"- {left['sentence'][language]}" for left in changed)
        if not changed:
            yield words["still"]


def _parting(rows: Sequence[Mapping[str, Any]], language: str) -> Iterator[str]:
    """Name the touchpoints where customers mark clearly higher than auditors pass, with what that is worth."""
    words = WORDS[language]
    apart = [row for row in rows if row["gap"] >= PARTING_FROM]
    if not apart:
        return
    yield from _section(words["parting"])
    for row in apart:
        name = touchpoint_name(row["touchpoint"], language)
        survey, audit = (beside(row[side], language) for side in ("survey", "audit"))
        yield "- " + words["parting_row"].format(name=name, survey=survey, audit=audit)
    yield ""
    yield words["parting_note"]


def beside(share: float, language: str) -> str:
    """Put a difference of shares into words: 8 points above, 高 8 个百分点."""
    points = round(100 * share)
    if points == 0:
        return "持平" if language == "zh" else "level with"
    if language == "zh":
        return f"{'高' if points > 0 else '低'} {abs(points)} 个百分点"
    return f"{abs(points)} point{'' if abs(points) == 1 else 's'} {'above' if points > 0 else 'below'}"


def _evidence(evidence: Sequence[Mapping[str, Any]], language: str, *, blind: bool) -> Iterator[str]:
    """Tell what stands out, or else the three strongest pieces, and name the rest; read blind, all of it."""
    words = WORDS[language]
    if blind:
        yield from (f"- {piece['sentence'][language]}" for piece in evidence)
        return
    told = [piece for piece in evidence if piece["stands_out"]] or list(evidence[:STRONGEST])
    for piece in told:
        yield f"- {piece['sentence'][language]}{words['strong'] if piece['stands_out'] else ''}"
        if piece["stands_out"] and (limits := piece.get("interval")):
            low, high = (f"{x:.0%}" if piece["unit"] == "share" else f"{x:+.2f}" for x in limits)
            yield f"  - {words['interval'].format(low=low, high=high)}"
        if piece["stands_out"]:
            yield from (f"  - {words['rows']}{words['colon']}{line}" for line in _rows(piece["rows"], language))
    if ordinary := [piece["title"][language] for piece in evidence if piece not in told]:
        yield f"- {words['ordinary'].format(titles=words['join'].join(ordinary))}"


def chance(p: float) -> str:
    """Write a probability as a percentage with the digits that mean something, never as 0 or 100."""
    if p < 1e-4:
        return "<0.01%"
    return f"{p:.2%}" if p < 0.001 else f"{p:.1%}" if p < 0.01 else f"{p:.0%}" if p < 0.995 else ">99%"


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
            kind = {"visits": {"zh": "走访", "en": "visits"}, "responses": {"zh": "答卷", "en": "responses"}}
            label = kind.get(name, {}).get(language, name)
            yield f"{label} {_listed(values, language)}"
        elif name == "clusters":
            first = _listed(values[0], language)
            if language == "zh":
                yield f"{len(values)} 组相互雷同的答卷，最大的一组：{first}"
            else:
                groups = "one group" if len(values) == 1 else f"{len(values)} groups"
                yield f"{groups} of near-identical responses, the largest: {first}"


def _listed(names: Sequence[str], language: str) -> str:
    """Name the first few, and how many there are."""
    zh = language == "zh"
    told = ("、" if zh else ", ").join(names[:MOST_NAMED])
    if len(names) <= MOST_NAMED:
        return told
    return f"{told} 等共 {len(names)} 份" if zh else f"{told} and {len(names) - MOST_NAMED} more"
