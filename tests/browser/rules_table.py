"""Cases of the rules written by hand, which the server and the phone must both meet."""

from __future__ import annotations

from functools import cache
from typing import Any

from audit_api.domain.checklists import Checklist
from tests.browser.answer_sets import AnswerSet
from tests.browser.made_checklists import Document, as_checklist

WORDS = {"zh": "文", "en": "text"}
PHOTO = {"rule": "always", "min_photos": 2, "of": WORDS}
FIX = {"lat": 30.2741, "lon": 120.1551, "accuracy_m": 8, "fixed_at": "2026-11-20T10:02:11+08:00"}
REGISTERED = (30.2741, 120.1551)


def _item(number: int, kind: str, weight: int = 0, **more: Any) -> Document:
    filled = {
        "id": f"TBL-IT-{number:02d}", "touchpoint": "SAL_RECEP", "type": kind, "weight": weight, "text": WORDS,
        "guidance": WORDS, "required": False, "allow_na": False, "expectations": [],
        "evidence": {"rule": "none", "min_photos": 0},
    }  # fmt: skip
    return filled | more


def _options(**scores: float | None) -> list[Document]:
    return [{"code": code, **WORDS} | ({} if score is None else {"score": score}) for code, score in scores.items()]


def _on(rule: str, photos: int) -> Document:
    return {"rule": rule, "min_photos": photos, "of": WORDS}


def _if(number: int, op: str, value: Any = None) -> Document:
    return {"item": f"TBL-IT-{number:02d}", "op": op} | ({} if value is None else {"value": value})


@cache
def table_checklist() -> Checklist:
    """Make the checklist of the table: nothing is required but 13 and 20, so that a case shows what it is about."""
    items = [
        _item(1, "yes_no", 2, pass_on="yes", evidence=_on("on_fail", 1), allow_na=True,
              critical={"cap": "total", "max_score": 50}),
        _item(2, "scale5", 3, evidence=_on("on_fail", 2)),
        _item(3, "single", 1, options=_options(a=100, b=49.9, c=None)),
        _item(4, "multi", 4, options=_options(a=50, b=30, c=40), evidence=_on("on_fail", 1)),
        _item(5, "number", 1, unit="day", evidence=_on("on_fail", 1),
              bands=[{"up_to": 2.5, "score": 100}, {"up_to": 7, "score": 50}, {"up_to": None, "score": 0}]),
        _item(6, "duration_min"),
        _item(7, "text", min_chars=5),
        _item(8, "narrative", min_chars=2, allow_na=True),
        _item(9, "photo", evidence=PHOTO),
        _item(10, "auto_gps"),
        _item(11, "auto_time"),
        _item(12, "yes_no", pass_on="no", integrity={"signal": "G01", "adverse": "yes"}, evidence=_on("on_adverse", 1)),
        _item(13, "yes_no", 1, pass_on="yes", required=True, show_if=_if(3, "eq", "b"), evidence=PHOTO),
        _item(14, "text", show_if={"any": [_if(4, "eq", "a"), {"all": [_if(5, "gt", 2.5), _if(6, "lte", 30)]}]}),
        _item(15, "text", show_if=_if(14, "answered")),
        _item(16, "text", show_if=_if(4, "not_in", ["b", "c"])),
        _item(17, "text", show_if=_if(8, "answered")),
        _item(18, "number", unit="percent", integrity={"signal": "G02", "adverse": {"op": "lt", "value": 0}}),
        _item(19, "text", show_if=_if(9, "answered")),
        _item(20, "photo", required=True, show_if=_if(2, "eq", 5), follow_up_hours=72, evidence=_on("always", 1)),
        _item(21, "multi", options=_options(a=None, b=None), integrity={"signal": "G03", "adverse": ["b"]}),
    ]  # fmt: skip
    return as_checklist("TBL", [{"code": "ALL", "title": WORDS, "weight": 100, "items": items}])


Case = tuple[str, dict[int, Any], dict[str, Any], dict[str, Any]]
"""Name, answers by number, the rest of the set (comments, photos by number; dealer, later), what is expected:
shown and hidden (numbers), wrong and missing ({number: code} or {number: (code, zh, en)}), share of coverage."""

CASES: tuple[Case, ...] = (
    ("nothing answered", {}, {}, {"shown": [1, 2], "hidden": [13, 14, 15, 16, 17, 19, 20], "missing": {}, "share": 0}),
    ("a fail needs its photo and, of a knock-out item, words", {1: "no"}, {},
     {"missing": {1: ["photos_missing", "comment_critical"]}}),
    ("blank words are none", {1: "no"}, {"comments": {1: " \u3000\x85"}, "photos": {1: 1}},
     {"missing": {1: ["comment_critical"]}}),
    ("words that trim() would not see", {1: "no"}, {"comments": {1: "\ufeff"}, "photos": {1: 1}}, {"missing": {}}),
    ("fail and then pass: nothing is owed", {1: "yes"}, {}, {"missing": {}, "share": 2 / 11}),
    ("N/A owes nothing and counts for nothing", {1: "na"}, {}, {"missing": {}, "share": 0}),
    ("N/A where it is not offered", {2: "na"}, {}, {"wrong": {2: "na_not_allowed"}}),
    ("a score of exactly 50 is no fail", {2: 3, 5: 7}, {}, {"missing": {}}),
    ("just below 50 is one", {2: 2, 5: 7.01}, {}, {"missing": {2: ["photos_missing"], 5: ["photos_missing"]}}),
    ("the end of a band belongs to it", {5: 2.5, 6: 0}, {}, {"hidden": [14], "missing": {}}),
    ("a scale takes whole numbers", {2: 2.5}, {}, {"wrong": {2: "wrong_type"}}),
    ("a scale takes no truth value", {2: True}, {}, {"wrong": {2: "wrong_type"}}),
    ("a scale ends at 5", {2: 6}, {}, {"wrong": {2: ("out_of_range", "答案应在 1 至 5 之间",
                                                     "the answer must lie between 1 and 5")}}),
    ("an option without a score does not count", {3: "c"}, {}, {"share": 0, "missing": {}}),
    ("an unknown option", {3: "d"}, {}, {"wrong": {3: ("unknown_option", "没有这个选项；可选：a、b、c",
                                                       "no such option: choose a, b, c")}}),
    ("eq on a list: exactly these ticked", {4: ["a"]}, {}, {"shown": [14, 16]}),
    ("eq on a list: no more than these", {4: ["a", "b"]}, {}, {"hidden": [14, 16]}),
    ("nothing ticked is an answer", {4: []}, {"photos": {4: 1}}, {"shown": [16], "hidden": [14], "missing": {}}),
    ("nothing ticked fails", {4: []}, {}, {"missing": {4: ["photos_missing"]}}),
    ("ticks add up", {4: ["a"]}, {}, {"missing": {}}),
    ("ticks twice", {4: ["a", "a"]}, {}, {"wrong": {4: "repeated"}}),
    ("nested: all within any", {5: 3, 6: 30}, {}, {"shown": [14], "hidden": [15]}),
    ("nested: one part of all fails", {5: 3, 6: 30.5}, {}, {"hidden": [14]}),
    ("a chain: what is shown by what is shown", {4: ["a"], 14: "x"}, {}, {"shown": [14, 15]}),
    ("a chain: a hidden answer shows nothing", {4: ["b"], 14: "x"}, {}, {"hidden": [14, 15]}),
    ("white space answers nothing", {4: ["a"], 14: "\u2028 \x1f"}, {}, {"hidden": [15], "wrong": {14: "unprintable"}}),
    ("minutes in halves", {6: 12.5}, {}, {"wrong": {}}),
    ("minutes in quarters", {6: 12.25}, {}, {"wrong": {6: "bad_step"}}),
    ("minutes below nothing", {6: -0.5}, {}, {"wrong": {6: ("out_of_range", "答案应在 0 与 100000 之间",
                                                            "the answer must lie between 0 and 100000")}}),
    ("a number in words", {6: "12"}, {}, {"wrong": {6: "wrong_type"}}),
    ("too short, counted as people count", {7: " 🚗🚗🚗🚗 "}, {},
     {"missing": {7: [("too_short", "至少 5 个字符，现有 4 个", "at least 5 characters, there are 4")]}}),
    ("long enough", {7: "🚗🚗🚗🚗🚗"}, {}, {"missing": {}}),
    ("long enough for trim() only", {7: "abcd\x85"}, {}, {"missing": {7: ["too_short"]}}),
    ("as long as a text may be", {7: "🚗" * 1_000}, {}, {"wrong": {}}),
    ("longer than that", {7: "🚗" * 1_001}, {}, {"wrong": {7: ("too_long", "最多 1000 个字符，现有 1001 个",
                                                              "at most 1000 characters, there are 1001")}}),
    ("na is a word where N/A is not offered", {7: "na na"}, {}, {"wrong": {}, "missing": {}}),
    ("na of two letters is too short a word", {7: "na"}, {}, {"missing": {7: ["too_short"]}}),
    ("na is N/A where it is offered", {8: "na"}, {}, {"hidden": [17], "missing": {}}),
    ("half of a pair of code units", {7: "abcde\ud83d"}, {}, {"wrong": {7: "unprintable"}}),
    ("photos make the answer of a photo item", {}, {"photos": {9: 1}}, {"missing": {9: ["photos_missing"]}}),
    ("a photo item without photos owes nothing when it need not be answered", {}, {"photos": {9: 0}}, {"missing": {}}),
    ("named photos show what follows", {9: ["p.jpg"]}, {"photos": {9: 2}}, {"shown": [19], "missing": {}}),
    ("an empty list of photos shows nothing", {9: []}, {}, {"hidden": [19]}),
    ("a name with a path", {9: ["../p.jpg"]}, {}, {"wrong": {9: "wrong_type"}}),
    ("a fix on the spot", {10: FIX}, {"dealer": REGISTERED}, {"missing": {}, "wrong": {}}),
    ("a fix far away", {10: FIX | {"lat": 30.2841}}, {"dealer": REGISTERED},
     {"missing": {10: [("comment_distance", "定位距登记坐标约 1112 米；请说明原因",
                        "the position is about 1112 m from the registered one: say why")]}}),
    ("a fix far away, explained", {10: FIX | {"lat": 30.2841}}, {"dealer": REGISTERED, "comments": {10: "停车场入口"}},
     {"missing": {}}),
    ("a fix 299 m away", {10: FIX | {"lat": 30.2741 + 0.002688}}, {"dealer": REGISTERED}, {"missing": {}}),
    ("a fix 301 m away", {10: FIX | {"lat": 30.2741 + 0.002707}}, {"dealer": REGISTERED},
     {"missing": {10: ["comment_distance"]}}),
    ("a fix in another datum is not measured", {10: FIX | {"lat": 31, "datum": "GCJ-02"}}, {"dealer": REGISTERED},
     {"missing": {}}),
    ("no registered position", {10: FIX | {"lat": 31}}, {}, {"missing": {}}),
    ("a fix beyond the pole", {10: FIX | {"lat": 91}}, {}, {"wrong": {10: ("out_of_range", "lat 应在 -90 与 90 之间",
                                                                         "lat must lie between -90 and 90")}}),
    ("a fix without its time", {10: {"lat": 1, "lon": 1, "accuracy_m": 1}}, {}, {"wrong": {10: "wrong_type"}}),
    ("a fix with something more", {10: FIX | {"speed": 1}}, {}, {"wrong": {10: "wrong_type"}}),
    ("a fix of no datum", {10: FIX | {"datum": None}}, {}, {"wrong": {10: "wrong_type"}}),
    ("a time without offset", {11: "2026-11-20T10:02:11"}, {}, {"wrong": {11: "wrong_type"}}),
    ("a time with its offset", {11: "2026-11-20T10:02:11+08:00"}, {}, {"wrong": {}}),
    ("a time of more digits than a clock has", {11: f"2026-11-20T10:02:11.{5:020}+08:00"}, {},
     {"wrong": {11: "wrong_type"}}),
    ("a day that never was", {11: "2025-02-29T10:02:11Z"}, {}, {"wrong": {11: "wrong_type"}}),
    ("a clock of the seventies", {11: "1970-01-01T08:00:05+08:00"}, {}, {"wrong": {11: "out_of_range"}}),
    ("adverse", {12: "yes"}, {}, {"missing": {12: ["photos_missing", "comment_adverse"]}}),
    ("not adverse", {12: "no"}, {}, {"missing": {}}),
    ("adverse below a limit", {18: -1}, {}, {"missing": {18: ["comment_adverse"]}}),
    ("adverse among the ticked", {21: ["a", "b"]}, {}, {"missing": {21: ["comment_adverse"]}}),
    ("required once it is shown, with the photos any answer needs", {3: "b"}, {},
     {"shown": [13], "missing": {13: ["required"]}, "needed": {13: 2}}),
    ("what may follow later", {2: 5}, {"later": [20]}, {"shown": [20], "missing": {}, "needed": {20: 1}}),
    ("what may not", {2: 5}, {"later": [19]}, {"missing": {20: ["required"]}}),
)  # fmt: skip


def named(number: int) -> str:
    return f"TBL-IT-{number:02d}"


def case_set(answers: dict[int, Any], rest: dict[str, Any]) -> AnswerSet:
    """Make the answer set of a case."""
    by_item = {key: {named(n): one for n, one in rest.get(key, {}).items()} for key in ("comments", "photos")}
    later = tuple(named(number) for number in rest.get("later", ())) or (named(1),)
    values = {named(number): value for number, value in answers.items()}
    return AnswerSet(values, **by_item, dealer=rest.get("dealer"), later=later)
