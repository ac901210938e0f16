"""Words of the flag pages in both languages."""

from __future__ import annotations

from collections.abc import Mapping

STATES: Mapping[str, tuple[str, str]] = {
    "watch": ("关注（内部）", "watch (internal)"),
    "open": ("待处理", "open"),
    "asked": ("已询问经销商", "dealer asked"),
    "replied": ("经销商已答复", "dealer replied"),
    "confirmed": ("已确认", "confirmed"),
    "dismissed": ("已排除", "dismissed"),
    "inconclusive": ("无法判断", "inconclusive"),
}
GRADES: Mapping[str, tuple[str, str]] = {
    "flag": ("标记", "flag"),
    "watch": ("关注", "watch"),
    "none": ("无", "none"),
    "not_assessable": ("无法评估", "not assessable"),
}
VERDICTS: Mapping[str, tuple[str, str]] = {
    "fits": ("符合", "fits"),
    "does_not_fit": ("不符合", "does not fit"),
    "cannot_be_tested": ("无法核对", "cannot be tested"),
}
CHARTS: Mapping[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "funnel": (
        ("满意度水平与答卷份数", "Survey level by number of responses"),
        (
            "每个点是一家店；线是如实的店通常所在的范围，答卷越少越宽（内线约含 95%，外线约含 99.8%）。菱形是本店。",
            "Each dot is a dealer; the lines show where honest dealers usually lie, wider with fewer responses (about "
            "95 % inside the inner, 99.8 % inside the outer pair). The diamond is this dealer.",
        ),
    ),
    "scatter": (
        ("审核与满意度", "Audit against survey"),
        (
            "越靠右，审核员看到的越好；越靠上，客户打分越高。菱形是本店；左上方是两者难以同时成立之处。",
            "Further right, auditors saw more; further up, customers marked higher. The diamond is this dealer; "
            "top left is where the two are hard to reconcile.",
        ),
    ),
    "distribution": (
        ("答卷平均分的分布", "How sheets are marked"),
        (
            "按满分的十分之一分档，最后一档为各题全满分。深色为本店，浅色为其他店。",
            "By tenths of the scale; the last bar is full marks throughout. Dark: this dealer, light: the others.",
        ),
    ),
    "timeline": (
        ("时间线", "Timeline"),
        (
            "每周的满意度水平（圆点大小为份数）；竖线为走访，实线暗访、虚线明访。",
            "Survey level by week (size: responses); upright lines are visits, solid covert, dashed announced.",
        ),
    ),
    "reuse": (
        ("重复出现的联系方式与设备", "Contacts and devices that come again"),
        (
            "每行是一个出现两次及以上的联系方式或设备，每个点是一份答卷；颜色越深，评价越高。",
            "Each row is a contact or device seen twice or more, each dot a response; darker is happier.",
        ),
    ),
}


def word(table: Mapping[str, tuple[str, str]], name: str, language: str) -> str:
    """Give a word of a table in a language, the name itself where there is none."""
    return table.get(name, (name, name))[language != "zh"]
