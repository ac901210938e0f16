"""Look-alikes that the customers explain: few, loyal, of a generous region, of one car, marking as all do here."""

from __future__ import annotations

import re

import numpy as np

from audit_api.anomaly.look_alike import CLEAR, Case, Tested
from audit_api.anomaly.parse import Floats
from audit_api.anomaly.surroundings import Surroundings

SMALL = Case("L02", "样本量小", "Small sample", "答卷份数", "Number of responses")
LOYAL = Case("L03", "本地忠诚客户多", "Loyal local customers", "首次购车与再购客户", "First-time and repeat customers")
REGION = Case(
    "L04", "该地区习惯给高分", "Generous region", "同一地区其他店的水平", "The level of other dealers of the region"
)
NEW_STORE = Case("L10", "新店或新团队", "New store or new team", "开业年限", "Age of the store")
CEILING = Case(
    "L13", "天花板效应", "Ceiling effect",
    "全满分答卷在各店的占比", "How common all-perfect sheets are at other dealers",
)  # fmt: skip
STOCK = Case(
    "L14", "习惯性整卷同分", "Stock answers", "整卷同分的答卷在各店的占比", "How common one-mark sheets are elsewhere"
)
LAUNCH = Case(
    "L15", "新车上市效应", "Product launch glow", "各车型在全网的水平", "How each class of car is marked in the network"
)

FEW = 30
FEWEST_PEERS = 5
HALF = 0.5
SEEN = 0.1
"""A shift of a region or a class of car below this, in standard deviations, explains nobody."""
COMMON = 0.40
"""Where two sheets in five are perfect everywhere, perfect sheets tell little."""
WIDE = 0.90
NEW_YEARS = 2
BANDS_ZH = {"under 2": "不满 2 年", "2 to 5": "2 至 5 年", "over 5": "5 年以上"}


def _beside_zh(difference: float) -> str:
    return f"{'高' if difference >= 0 else '低'} {abs(difference):.2f} 个标准差"


def _beside_en(difference: float) -> str:
    return f"{abs(difference):.2f} standard deviations {'above' if difference >= 0 else 'below'}"


def small_sample(around: Surroundings, d: int) -> Tested:
    """Fits below 30 responses: luck alone moves so few far."""
    n = int(around.n[d])
    half = 1.96 * float(around.spread[d]) / np.sqrt(n) if n > 1 else float("nan")
    width = "" if np.isnan(half) else f"±{half:.2f}"
    return SMALL.result(
        n < FEW,
        f"共 {n} 份答卷，水平的误差约 {width or '未知'} 个标准差。"
        + ("太少，运气就能造成明显偏差。" if n < FEW else "份数足够。"),
        f"There are {n} responses; their level is known to {width or 'unknown'} standard deviations. "
        + ("So few move far by luck." if n < FEW else "That is enough."),
        responses=n,
        **({} if np.isnan(half) else {"half_width": half}),
    )  # fmt: skip


def loyal_customers(around: Surroundings, d: int) -> Tested:
    """Compare first-time customers with those seen before, where the data knows customers."""
    rows = around.rows(d)
    customer = around.inputs.responses.customer_hash[rows].astype(str)
    if not (customer != "").any():
        return LOYAL.unknown(
            "数据不区分首次与再购客户；请与客户档案核对。",
            "The data does not tell first-time from repeat customers; compare with the customer records.",
        )
    _, inverse, counts = np.unique(customer, return_inverse=True, return_counts=True)
    again = (counts[inverse] > 1) & (customer != "")
    share = float(again.mean())
    if not again.any():
        return LOYAL.unknown(
            "本波次每位客户只答一次；请与客户档案核对是否再购。",
            "Each customer answers once in this wave; compare with the records of repeat purchases.",
        )
    apart, error = around.contrast(rows[again], rows[~again])
    fits = share >= 0.2 and not np.isnan(apart) and apart >= CLEAR * error
    return LOYAL.result(
        fits,
        f"{share:.0%} 的答卷来自多次出现的客户" + ("，且他们的评价明显更高。" if fits else "；不足以解释总体水平。"),
        f"{share:.0%} of the responses come from customers seen more than once"
        + (", and these mark clearly higher." if fits else "; that does not explain the level."),
        share=share,
    )


def region(around: Surroundings, d: int) -> Tested:
    """Fits where the region's other dealers lie so high that the region explains half of the dealer's excess."""
    dealers = around.inputs.dealers
    name = str(dealers.region[d])
    mates = (dealers.region.astype(str) == name) & (np.arange(len(dealers)) != d) & (around.n > 0)
    if not name or mates.sum() < FEWEST_PEERS or around.n[d] == 0:
        return REGION.unknown("同一地区可比较的店太少。", "Too few dealers of the region to compare with.")
    usual = around.usual()
    shift, excess = float(np.median(around.level[mates])) - usual, float(around.level[d]) - usual
    fits = excess > 0 and shift >= max(HALF * excess, SEEN)
    return REGION.result(
        fits,
        f"与全网相比，本店{_beside_zh(excess)}，同地区其他店{_beside_zh(shift)}。"
        + ("整个地区都偏高，比较时已按地区分组。" if fits else "地区解释不了。"),
        f"Against the network this dealer is {_beside_en(excess)}, its region's others are {_beside_en(shift)}. "
        + ("The whole region marks high; peers are taken from it." if fits else "The region does not explain it."),
        dealer=excess,
        region=shift,
    )


def new_store(around: Surroundings, d: int) -> Tested:
    """Fits in the first two years."""
    band = str(around.inputs.dealers.store_age_band[d])
    if not band:
        return NEW_STORE.unknown("开业日期未登记。", "The opening date is not registered.")
    upper = [float(number) for number in re.findall(r"\d+(?:\.\d+)?", band)][-1:]
    fits = bool(upper) and upper[0] <= NEW_YEARS and not band.startswith(("over", ">")) and not band.endswith("+")
    return NEW_STORE.result(
        fits,
        f"开业年限：{BANDS_ZH.get(band, band)}。" + ("新店宜辅导，不宜怀疑。" if fits else "不是新店。"),
        f"Years since opening: {band}. "
        + ("A new store is to be coached, not suspected." if fits else "It is no new store."),
    )


def ceiling(around: Surroundings, d: int) -> Tested:
    """Fits where perfect sheets are common everywhere and this dealer's share lies among the others'."""
    return _shared_habit(
        CEILING, around, around.perfect, d, FEW,
        zh=("全满分答卷", "大家都接近满分，仅凭满分说明不了什么。", "其占比高于多数店，天花板不足以解释。"),
        en=("all-perfect sheets", "Everybody is near the top: perfect sheets alone tell nothing.",
            "That is more than at most dealers; the ceiling does not explain it."),
        least=COMMON,
    )  # fmt: skip


def stock_answers(around: Surroundings, d: int) -> Tested:
    """Fits where one-mark sheets are as common as at the others."""
    return _shared_habit(
        STOCK, around, around.straight, d, FEW,
        zh=("整卷同分的答卷", "与其他店相当，是普遍的作答习惯。", "高于多数店，不只是习惯。"),
        en=("sheets with one mark throughout", "As at other dealers: a common habit.",
            "That is more than at most dealers: not habit alone."),
        least=0.0,
    )  # fmt: skip


def _shared_habit(
    case: Case, around: Surroundings, marked: Floats, d: int, few: int, *, zh: tuple[str, str, str],
    en: tuple[str, str, str], least: float,
) -> Tested:  # fmt: skip
    """Compare a share with the same share at the other dealers: their middle, and where nine in ten of them end."""
    share = around.share_by_dealer(marked)
    others = share[(around.n >= min(few, 10)) & (np.arange(len(share)) != d)]
    if np.isnan(share[d]) or len(others) < FEWEST_PEERS:
        return case.unknown("可比较的店太少。", "Too few dealers to compare with.")
    middle, end = float(np.median(others)), float(np.quantile(others, WIDE))
    # A small dealer may exceed the others' range by luck.
    end += float(np.sqrt(max(end * (1 - end), 0.0) / max(int(around.n[d]), 1)))
    fits = middle >= least and float(share[d]) <= end
    return case.result(
        fits,
        f"本店{zh[0]}占 {share[d]:.0%}，其他店居中为 {middle:.0%}，十家中有九家不超过 {end:.0%}。"
        + (zh[1] if fits else zh[2]),
        f"Here {share[d]:.0%} are {en[0]}; the middle of the other dealers is {middle:.0%}, nine in ten stay below "
        f"{end:.0%}. "
        + (en[1] if fits else en[2]),
        dealer=float(share[d]), others=middle, others_end=end,
    )  # fmt: skip


def launch(around: Surroundings, d: int) -> Tested:
    """Fits where the dealer's mix of cars, marked as everywhere, explains half of its excess."""
    classes = around.inputs.responses.vehicle_class.astype(str)
    known = ~np.isnan(around.score) & (classes != "")
    names, number = np.unique(classes[known], return_inverse=True)
    rows = around.rows(d)
    mine = rows[classes[rows] != ""]
    if len(names) < 2 or not len(mine):
        return LAUNCH.unknown("答卷没有车型信息。", "The responses do not tell the class of car.")
    mean = np.bincount(number, around.score[known]) / np.bincount(number)
    expected = float(np.mean(mean[np.searchsorted(names, classes[mine])]) - around.score[known].mean())
    excess = float(around.level[d]) - around.usual()
    fits = excess > 0 and expected >= max(HALF * excess, SEEN)
    return LAUNCH.result(
        fits,
        f"按全网各车型的水平推算，本店的车型构成应使其{_beside_zh(expected)}，实际{_beside_zh(excess)}。"
        + ("车型构成可以解释一半以上。" if fits else "车型解释不了。"),
        f"Marked as everywhere, this mix of cars would put the dealer {_beside_en(expected)} the network; it is "
        f"{_beside_en(excess)}. "
        + ("The cars explain at least half of it." if fits else "The cars do not explain it."),
        mix=expected,
        dealer=excess,
    )
