"""Charts drawn on the server as SVG: no script reaches the reader's browser."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from audit_api.web.chart_tables import identity

if TYPE_CHECKING:  # drawing costs a second and a hundred megabytes; a process that draws nothing pays neither
    import altair

NAMES = ("scatter", "funnel", "distribution", "timeline", "reuse")
KEPT = 256
WIDTH, HEIGHT = 430, 270
DARK, LIGHT, STRONG, LINE = "#1d4f91", "#9fb0c3", "#b3480f", "#5d6b7b"
FONT = "system-ui, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif"


def is_empty(name: str, data: Any) -> bool:
    """Tell whether a chart has nothing to show."""
    if name == "timeline":
        return not (data.get("weeks") or data.get("visits"))
    return not data or (name in ("funnel", "scatter") and not data.get("dealers"))


def chart_svg(name: str, data: Any, language: str) -> bytes:
    """Draw a chart; the same figures are drawn once."""
    return _drawn(name, json.dumps(data, sort_keys=True), language)


@lru_cache(maxsize=KEPT)
def _drawn(name: str, data: str, language: str) -> bytes:
    import vl_convert  # noqa: PLC0415 - see TYPE_CHECKING above

    draw: Mapping[str, Callable[[Any, bool], Any]] = {
        "funnel": _funnel,
        "scatter": _scatter,
        "distribution": _distribution,
        "timeline": _timeline,
        "reuse": _reuse,
    }
    chart = draw[name](json.loads(data), language == "zh")
    styled = (
        chart.properties(width=WIDTH, height=HEIGHT, background="#ffffff")
        .configure(font=FONT)
        .configure_axis(labelFontSize=13, titleFontSize=13, titleFontWeight="normal", gridColor="#e3e8ee")
        .configure_legend(labelFontSize=13, titleFontSize=13, orient="top", titleFontWeight="normal")
        .configure_view(stroke="#c9d2de")
    )
    return str(vl_convert.vegalite_to_svg(styled.to_dict())).encode()


def _points(data: dict[str, Any], x: Any, y: Any) -> Any:
    import altair as alt  # noqa: PLC0415 - see TYPE_CHECKING above

    others = alt.Chart(_values([{"x": a, "y": b} for a, b in data["dealers"]]))
    layers = [others.mark_circle(color=LIGHT, size=34, opacity=0.9).encode(x=x, y=y)]
    if data.get("dealer"):
        mine = alt.Chart(_values([{"x": data["dealer"][0], "y": data["dealer"][1]}]))
        layers.append(mine.mark_point(shape="diamond", filled=True, color=STRONG, size=190).encode(x=x, y=y))
    return layers


def _values(rows: list[dict[str, Any]]) -> altair.Data:
    import altair as alt  # noqa: PLC0415 - see TYPE_CHECKING above

    return alt.Data(values=rows)


def _funnel(data: dict[str, Any], zh: bool) -> Any:
    import altair as alt  # noqa: PLC0415 - see TYPE_CHECKING above

    x = alt.X("x:Q", title="答卷份数" if zh else "Responses", scale=alt.Scale(type="log", nice=False),
              axis=alt.Axis(values=[5, 10, 20, 50, 100, 200, 500, 1000], format="d"))  # fmt: skip
    y = alt.Y("y:Q", title="满意度水平（标准差）" if zh else "Survey level (standard deviations)")
    layers = []
    for i, dash in ((1, [1, 0]), (2, [5, 4])):
        for side in ("low", "high"):
            rows = [{"x": line["n"], "y": line[f"{side}{i}"]} for line in data["limits"]]
            drawn = alt.Chart(_values(rows)).mark_line(color=LINE, strokeWidth=1.3, strokeDash=dash)
            layers.append(drawn.encode(x=x, y=y))
    return alt.layer(*layers, *_points(data, x, y))


def _scatter(data: dict[str, Any], zh: bool) -> Any:
    import altair as alt  # noqa: PLC0415 - see TYPE_CHECKING above

    x = alt.X("x:Q", title="审核：通过率超出通常" if zh else "Audits: share passed beyond the usual",
              axis=alt.Axis(format="+.1~%", tickCount=6, labelFlush=False, labelPadding=5))  # fmt: skip
    y = alt.Y("y:Q", title="满意度水平（标准差）" if zh else "Survey level (standard deviations)")
    return alt.layer(*_points(data, x, y))


def _distribution(data: list[dict[str, Any]], zh: bool) -> Any:
    import altair as alt  # noqa: PLC0415 - see TYPE_CHECKING above

    whose = ("本店", "其他店") if zh else ("this dealer", "others")
    rows = [
        {
            "bin": ("全满分" if zh else "full") if row["from"] >= 1 else f"{row['from']:.0%}",
            "order": row["from"],
            "whose": told,
            "share": row[name],
        }
        for row in data
        for told, name in zip(whose, ("dealer", "others"), strict=True)
    ]
    return (
        alt.Chart(_values(rows))
        .mark_bar()
        .encode(
            x=alt.X("bin:N", sort=alt.EncodingSortField("order"), axis=alt.Axis(labelAngle=0),
                    title="平均分（自满分的……起）" if zh else "Mean mark, from this share of full marks"),
            xOffset=alt.XOffset("whose:N", sort=list(whose)),
            y=alt.Y("share:Q", axis=alt.Axis(format=".0%"), title="答卷占比" if zh else "Share of responses"),
            color=alt.Color("whose:N", scale=alt.Scale(domain=list(whose), range=[DARK, LIGHT]), title=None),
        )
    )  # fmt: skip


def _timeline(data: dict[str, Any], zh: bool) -> Any:
    import altair as alt  # noqa: PLC0415 - see TYPE_CHECKING above

    x = alt.X("on:T", title=None, axis=alt.Axis(format="%m-%d", labelOverlap=True))
    weeks = [{"on": w["week"], "level": w["level"], "responses": w["responses"]} for w in data["weeks"]]
    y = alt.Y("level:Q", title="满意度水平（标准差）" if zh else "Survey level (standard deviations)")
    size = alt.Size("responses:Q", title="份数" if zh else "Responses", scale=alt.Scale(range=[20, 260]))
    layers = [
        alt.Chart(_values(weeks)).mark_line(color=LIGHT).encode(x=x, y=y),
        alt.Chart(_values(weeks)).mark_circle(color=DARK, opacity=1).encode(x=x, y=y, size=size),
    ]
    for kind, dash in (("mystery", [1, 0]), ("announced", [5, 4])):
        rows = [{"on": visit["on"]} for visit in data["visits"] if visit["kind"] == kind]
        if rows:
            layers.append(
                alt.Chart(_values(rows)).mark_rule(color=STRONG, strokeWidth=1.8, strokeDash=dash).encode(x=x)
            )
    return alt.layer(*layers)


def _reuse(data: list[dict[str, Any]], zh: bool) -> Any:
    import altair as alt  # noqa: PLC0415 - see TYPE_CHECKING above

    rows = [
        {"identity": f"{identity(g['identity'], zh)} ×{g['count']}", "order": i, "on": r["on"], "level": r["level"]}
        for i, g in enumerate(data)
        for r in g["responses"]
        if r["on"]
    ]
    return (
        alt.Chart(_values(rows))
        .mark_circle(size=90, opacity=0.9, stroke=LINE)
        .encode(
            x=alt.X("on:T", title="提交日期" if zh else "Submitted", axis=alt.Axis(format="%m-%d", labelOverlap=True)),
            y=alt.Y("identity:N", sort=alt.EncodingSortField("order"), title=None),
            color=alt.Color("level:Q", title="水平" if zh else "Level", scale=alt.Scale(scheme="blues", zero=False)),
        )
    )
