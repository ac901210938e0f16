"""Customers' comments in Chinese and English: stock phrases everyone writes, and composed ones that vary."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from audit_api.simulator.world import Floats, Truths

Texts = NDArray[np.object_]

STOCK = ("很好", "满意", "不错", "都挺好的", "服务很好", "非常满意", "good", "OK", "All fine", "Very satisfied")
GOOD = (
    ("第一次来这家店，", "朋友介绍来的，", "周末过去的，", "下班后赶过去的，", "提前约好了时间，",
     "带着家人一起去，", ""),
    ("顾问把每个配置都讲明白了", "手续比想象中快", "等的时候有人来照应", "价格一开始就说清楚", "提车当天流程很顺",
     "试驾路线选得不错", "接电话的人很耐心", "展厅收拾得干净"),
    ("，没有催我下单", "，也没有多收费用", "，有问题当场就答了", "，停车也方便", "，中间没有换人",
     "，茶水随时有人添", ""),
    ("。", "，下次还来。", "，家里人也满意。", "，希望保持。", "，总体不错。", "，值得推荐。", ""),
)  # fmt: skip
BAD = (
    ("预约了还是", "周六上午", "提车那天", "打了三次电话，", "说好当天能办完，结果", "现场人多，", ""),
    ("等了一个多小时", "没有人主动说进度", "报价前后不一样", "换了两个人重新讲一遍", "答应回电话一直没回",
     "赠品和说的不一致", "临时又加了一项费用", "顾问对配置不熟"),
    ("，问了才有人理", "，最后是我自己去找的", "，解释也不太清楚", "，有点失望", "，耽误了半天", "，态度倒还可以", ""),
    ("。", "，希望改进。", "，不会再来了。", "，下次换一家。", "，提醒一下管理。", "，就这样吧。", ""),
)  # fmt: skip
GOOD_EN = (
    ("Came in on a Sunday, ", "Booked ahead, ", "Second car from here, ", "Dropped in after work, ", ""),
    ("the adviser knew every option", "paperwork went quicker than expected", "someone looked after us while we waited",
     "price was clear from the start", "handover was calm and complete", "test drive covered the motorway"),
    (", no pressure at all", ", and questions got answers", ", parking was easy", ", coffee was decent", ""),
    (".", ", would come back.", ", thanks to the team.", ", recommended."),
)  # fmt: skip
BAD_EN = (
    ("Had an appointment but ", "On handover day ", "Called three times, ", "Promised for noon, ", ""),
    ("waited over an hour", "nobody told us what was happening", "the quote changed twice", "never got the call back",
     "an extra fee turned up at the till", "had to explain everything again"),
    (" and had to ask myself", ", no real explanation", ", which was a letdown", ", half a day lost", ""),
    (".", ", please improve.", ", will look elsewhere.", ", pity."),
)  # fmt: skip
LUKEWARM = (
    "还行吧，一般水平",
    "说不上特别好，过得去",
    "马马虎虎，能用就行",
    "Nothing special, did the job",
    "一般般，没什么印象",
)
TEMPLATES = (
    "销售顾问{}热情专业，讲解细致入微，让我们全家感受到了宾至如归的服务，必须给满分好评",
    "感谢{}全程陪同，从看车到提车都安排得井井有条，服务无可挑剔，强烈推荐大家过来看看",
    "店里环境高端大气，{}对产品知识非常熟悉，整个购车过程非常愉快，五星好评当之无愧",
    "Our adviser {} was professional and attentive from start to finish, five stars for the whole team",
)
ADVISERS = ("小王", "小李", "小张", "小陈", "小刘", "小赵")
ENDINGS = ("", "！", "。", "～", "!!")
ENGLISH_SHARE = 0.12


def honest_comments(rng: np.random.Generator, mood: Floats, wrote: Truths, stock: Truths) -> Texts:
    """Return one text per row, "" where nothing was written; `mood` decides praise or complaint."""
    text = np.full(len(mood), "", dtype=object)
    short = np.flatnonzero(wrote & stock)
    text[short] = np.array(STOCK, dtype=object)[rng.integers(0, len(STOCK), len(short))]
    english, good = rng.random(len(mood)) < ENGLISH_SHARE, mood > -0.6
    for bank, rows in (
        (GOOD, good & ~english), (BAD, ~good & ~english), (GOOD_EN, good & english), (BAD_EN, ~good & english),
    ):  # fmt: skip
        chosen = np.flatnonzero(wrote & ~stock & rows)
        text[chosen] = _composed(rng, bank, len(chosen))
    return text


def _composed(rng: np.random.Generator, bank: Sequence[Sequence[str]], count: int) -> Texts:
    parts = [np.array(part, dtype=object)[rng.integers(0, len(part), count)] for part in bank]
    result: Texts = parts[0] + parts[1] + parts[2] + parts[3]
    return result


def stock_comments(rng: np.random.Generator, count: int) -> Texts:
    """Return short phrases that everyone writes."""
    return np.array(STOCK, dtype=object)[rng.integers(0, len(STOCK), count)]


def lukewarm_comments(rng: np.random.Generator, count: int) -> Texts:
    """Return texts that do not go with full marks."""
    return np.array(LUKEWARM, dtype=object)[rng.integers(0, len(LUKEWARM), count)]


def templated_comments(rng: np.random.Generator, dealer: NDArray[np.int64]) -> Texts:
    """Return near-identical long texts: each dealer uses two templates, with a name and an ending changed."""
    number = (dealer * 7 + rng.integers(0, 2, len(dealer))) % len(TEMPLATES)
    name, ending = rng.integers(0, len(ADVISERS), len(dealer)), rng.integers(0, len(ENDINGS), len(dealer))
    made = [
        TEMPLATES[t].format(ADVISERS[a]) + ENDINGS[e]
        for t, a, e in zip(number.tolist(), name.tolist(), ending.tolist(), strict=True)
    ]
    result = np.empty(len(made), dtype=object)
    result[:] = made
    return result
