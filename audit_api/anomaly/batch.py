"""The columns a screening works on: dealers, responses, audits, in one canonical order.

Rows are sorted by identity and columns by name when the batch is built, so the order in which a file or a
database delivers them cannot change a figure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audit_api.anomaly.parse import Floats, Integers, Moments, Texts, Truths


@dataclass(frozen=True, slots=True)
class Column:
    """Describe one rated survey item: its name, touchpoint, scale ends, and whether it is an outcome."""

    name: str
    touchpoint: str
    minimum: float
    maximum: float
    is_outcome: bool = False


@dataclass(frozen=True, slots=True)
class Dealers:
    """Hold one row per dealer, sorted by code; "" and NaN where nothing is known."""

    code: Texts
    region: Texts
    brand: Texts
    volume_band: Texts
    city_tier: Texts
    store_age_band: Texts
    eligible: Floats
    contacts_supplied: Floats
    contacts_valid: Floats
    responses: Floats

    def __len__(self) -> int:
        return len(self.code)


@dataclass(frozen=True, slots=True)
class Responses:
    """Hold one row per survey response, sorted by response id.

    `dealer` indexes Dealers; `answers` is responses × columns, NaN where not answered; times are the
    dealer's wall clock; `mentions_*` are 1, 0 or NaN.
    """

    response_id: Texts
    dealer: Integers
    event_at: Moments
    submitted_at: Moments
    invited_at: Moments
    channel: Texts
    duration_s: Floats
    contact_hash: Texts
    device_hash: Texts
    customer_hash: Texts
    adviser_hash: Texts
    event_id: Texts
    job_type: Texts
    vehicle_class: Texts
    text: Texts
    mentions_incentive: Floats
    mentions_coaching: Floats
    answers: Floats
    facts: Floats

    def __len__(self) -> int:
        return len(self.response_id)


@dataclass(frozen=True, slots=True)
class Audits:
    """Hold one row per dealer, visit and criterion, sorted by these."""

    dealer: Integers
    visit: Texts
    kind: Texts
    touchpoint: Texts
    criterion: Texts
    passed: Floats
    severity: Floats
    visited_at: Moments
    auditor_id: Texts
    selected_by: Texts

    def __len__(self) -> int:
        return len(self.visit)

    def planned(self) -> Truths:
        """Mark rows of visits drawn by plan: extra visits to suspected dealers never feed an indicator."""
        result: Truths = self.selected_by.astype(str) == "plan"
        return result


@dataclass(frozen=True, slots=True)
class Inputs:
    """Hold everything one screening reads; build it with `from_rows` or `tables.build`."""

    dealers: Dealers
    responses: Responses
    audits: Audits
    columns: tuple[Column, ...]
    fact_touchpoints: tuple[str, ...] = ()

    @staticmethod
    def from_rows(
        *,
        dealers: Iterable[Mapping[str, Any]],
        responses: Iterable[Mapping[str, Any]],
        audits: Iterable[Mapping[str, Any]] = (),
        columns: Sequence[Column],
        fact_touchpoints: Sequence[str] = (),
    ) -> Inputs:
        """Build canonical inputs from plain dictionaries.

        dealers: `dealer_id` and, where known, region, brand, volume_band, city_tier, store_age_band,
        eligible, contacts_supplied, contacts_valid, responses. responses: `response_id`, `dealer_id`,
        `answers` (a mapping by column name or a sequence in the order of `columns`, None where not
        answered), optionally `facts` (likewise, in the order of `fact_touchpoints`) and the optional columns
        of `Responses`. audits: `dealer_id`, `visit`, `kind`, `touchpoint`, `criterion`, `passed`,
        optionally severity, visited_at, auditor_id, selected_by. Raises InputsRefusedError.
        """
        # `tables` builds these classes, so its import cannot be at the top.
        from audit_api.anomaly import tables  # noqa: PLC0415

        return tables.from_rows(
            dealers=dealers,
            responses=responses,
            audits=audits,
            columns=columns,
            fact_touchpoints=fact_touchpoints,
        )

    def drivers(self) -> Integers:
        """Return the positions of the answer columns that rate a touchpoint (outcomes left out)."""
        return np.flatnonzero([not column.is_outcome for column in self.columns])

    def scaled(self) -> Floats:
        """Return driver answers mapped to 0..1 by each column's own scale, NaN kept."""
        chosen = self.drivers()
        low = np.array([self.columns[i].minimum for i in chosen])
        high = np.array([self.columns[i].maximum for i in chosen])
        result: Floats = (self.responses.answers[:, chosen] - low) / (high - low)
        return result

    def counts(self) -> Integers:
        """Count responses per dealer."""
        result: Integers = np.bincount(self.responses.dealer, minlength=len(self.dealers))
        return result

    def content_hash(self) -> str:
        """Return the SHA-256 over all canonical columns, the same for any order of the rows given."""
        digest = hashlib.sha256()
        for column in self.columns:
            digest.update(repr(column).encode())
        digest.update(repr(self.fact_touchpoints).encode())
        for table in (self.dealers, self.responses, self.audits):
            for field in fields(table):
                digest.update(f"{type(table).__name__}.{field.name}".encode())
                _feed(digest, getattr(table, field.name))
        return digest.hexdigest()


def _feed(digest: hashlib._Hash, values: NDArray[Any]) -> None:
    digest.update(repr(values.shape).encode())
    if values.dtype == object:
        encoded = [str(value).encode("utf-8") for value in values]
        digest.update(np.array([len(value) for value in encoded], dtype="<i8").tobytes())
        digest.update(b"".join(encoded))
    elif values.dtype.kind == "M":
        digest.update(values.astype("datetime64[s]").astype("<i8").tobytes())
    elif values.dtype.kind == "f":
        plain = np.where(np.isnan(values), np.nan, values + 0.0)  # one NaN, one zero
        digest.update(np.ascontiguousarray(plain, dtype="<f8").tobytes())
    else:
        digest.update(np.ascontiguousarray(values, dtype="<i8").tobytes())
