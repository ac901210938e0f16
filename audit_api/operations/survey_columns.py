"""Plainly written rows of an import as documents, thousands at a time; the others one by one, in their places."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
from bson.raw_bson import RawBSONDocument

from audit_api.domain.programmes import Wave
from audit_api.domain.questionnaires import Questionnaire
from audit_api.domain.survey_columns import ColumnReader, ResponseColumns
from audit_api.domain.surveys import DealerPlace
from audit_api.intake.contacts import ContactHasher
from audit_api.intake.records import TextColumns
from audit_api.models.base import Row
from audit_api.models.response_columns import HashedIdentities, pack_responses
from audit_api.operations.import_ledger import Document


@dataclass(frozen=True, slots=True)
class Packed:
    """Responses in the order of their rows; `at_sight` of them were read as columns."""

    rows: Sequence[int]
    waves: Sequence[str]
    documents: Sequence[Document]
    at_sight: int


class ColumnImport:
    """Makes documents of columns of text, the same that the rows would have become one by one."""

    def __init__(
        self,
        questionnaire: Questionnaire,
        dealers: Mapping[str, DealerPlace],
        waves: Sequence[Wave],
        *,
        hasher: ContactHasher,
        batch: str,
        at: datetime,
    ) -> None:
        self._reader = ColumnReader(questionnaire, dealers, waves)
        self._asked, self._hasher, self._batch, self._at = questionnaire, hasher, batch, at

    def read(self, part: TextColumns, read: Callable[[int, tuple[str, ...]], Row | None]) -> Packed:
        """Make the documents of a part; `read` makes that of a row that is not plain, None where it is refused."""
        found = self._reader.read(part.columns)
        documents: list[Document] = [RawBSONDocument(document) for document in self._packed(found)]
        names = list(found.wave.values)
        waves: list[Any] = [names[place] for place in found.wave.places.tolist()]
        at_sight = len(documents)
        if at_sight == len(part):
            return Packed(range(part.first, part.first + at_sight), waves, documents, at_sight)
        rows = (found.places + part.first).tolist()
        left = np.setdiff1d(np.arange(len(part)), found.places, assume_unique=True)
        others = [(row, document) for row, cells in part.rows(pa.array(left)) if (document := read(row, cells))]
        # In the order of the file, for among rows of one id the first counts.
        merged = sorted(
            [*zip(rows, waves, documents, strict=True), *((row, one["wave"], one) for row, one in others)],
            key=lambda entry: entry[0],
        )
        return Packed([row for row, _, _ in merged], [w for _, w, _ in merged], [one for _, _, one in merged], at_sight)

    def _packed(self, found: ResponseColumns) -> list[bytes]:
        if not len(found):
            return []
        words, hasher = found.words, self._hasher
        contact, kind = hasher.contacts(words["contact"].to_pylist())
        codes = found.dealer.values
        dealers = (codes[place] for place in found.dealer.places.tolist())
        identities = HashedIdentities(
            contact,
            kind,
            list(map(hasher.device, words["device"].to_pylist())),
            list(map(hasher.adviser, map(str, dealers), words["adviser"].to_pylist())),
            hasher.key_id,
        )
        return pack_responses(
            found,
            questionnaire=self._asked.code,
            version=self._asked.version,
            identities=identities,
            batch=self._batch,
            at=self._at,
        )
