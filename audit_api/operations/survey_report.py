"""What an import of responses did, as it goes on the wire."""

from __future__ import annotations

from dataclasses import dataclass

from audit_api.domain.rows import RowError
from audit_api.models import surveys
from audit_api.models.base import Row
from audit_api.operations.import_ledger import BatchReport, Document, Outcome

__all__ = ["Document", "SurveyReport"]


@dataclass
class SurveyReport(BatchReport):
    """What an import of responses did.

    `changed` rows are kept as later versions: the first answer counts. `changes` names the first of them,
    `preview` shows in a dry run the first rows as understood, contacts by their kind alone.
    """

    questionnaire: str = ""
    version: int = 0
    unasked: tuple[str, ...] = ()

    def document(self) -> dict[str, object]:
        """Give the report as it goes on the wire; `waves` counts new responses by wave."""
        named = {"batch": self.batch, "questionnaire": self.questionnaire, "version": self.version}
        more = {"waves": dict(sorted(self.waves.items())), "changes": self.changes, "preview": self.preview}
        return {**named, **super().document(), **more}

    def change(self, row: int, document: Document, became: Outcome) -> Row:
        """Name a response that came with other content, and the direction of the edit."""
        return {"row": row, "response_id": document["response_id"], "direction": became.direction}

    def too_many(self, row: int, document: Document) -> RowError:
        """Say that there is no room for another version of a response."""
        return RowError(
            row,
            "response_id",
            document["response_id"],
            f"同一编号已有 {surveys.MOST_VERSIONS} 个后续版本，此份未保存；请检查编号是否被不同的答卷共用",
            f"this id has {surveys.MOST_VERSIONS} later versions already, this one is not kept; "
            "check whether different responses share the id",
        )
