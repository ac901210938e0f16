"""The classical indices of careless responding, equal to the R package `careless` 1.2.2.

Source: the R package `careless` (Yentes & Wilhelm). Advisory only: straight-lining and low variance are normal
where customers are happy, so none of these accuses a dealer. Every function takes a matrix of answers, rows =
respondents, columns = items in the order they were asked, NaN = not answered; and gives one value a respondent.
"""

from __future__ import annotations

from audit_api.anomaly.careless.even_odd import even_odd
from audit_api.anomaly.careless.irv import irv, irv_split
from audit_api.anomaly.careless.longstring import Strings, longstring
from audit_api.anomaly.careless.mahalanobis import Distances, mahalanobis
from audit_api.anomaly.careless.synonyms import ItemPairs, Likeness, antonyms, item_pairs, synonyms

__all__ = [
    "Distances",
    "ItemPairs",
    "Likeness",
    "Strings",
    "antonyms",
    "even_odd",
    "irv",
    "irv_split",
    "item_pairs",
    "longstring",
    "mahalanobis",
    "synonyms",
]
