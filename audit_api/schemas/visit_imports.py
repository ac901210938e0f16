"""Past visits from files, on the wire."""

from __future__ import annotations

from marshmallow import fields, validate

from audit_api.domain.visit_heads import LONGEST_SOURCE, SELECTED_BY
from audit_api.extensions import Schema
from audit_api.schemas.fields import Text
from audit_api.schemas.imports import ImportQuery, ImportReportSchema


class VisitImportQuery(ImportQuery):
    """How to import a file of past visits; what a file says itself goes before what is said here."""

    source = Text(
        longest=LONGEST_SOURCE,
        load_default=None,
        metadata={"description": "Where the file comes from; left out: the mapping's name"},
    )
    mapping = Text(longest=40, load_default=None, metadata={"description": "Name of a saved column mapping"})
    checklist = Text(longest=40, load_default=None)
    version = fields.Integer(load_default=None, validate=validate.Range(min=1, max=100_000))
    selected_by = fields.String(load_default=None, validate=validate.OneOf(SELECTED_BY))
    programme = Text(longest=40, load_default=None, metadata={"description": "Take waves of this programme only"})
    correct = Text(
        longest=2000,
        shortest=1,
        load_default=None,
        metadata={"description": "Reason why changed content takes the place of what was kept, as the next revision"},
    )


class VisitChangeSchema(Schema):
    """A known visit that came with other content."""

    row = fields.Integer(required=True)
    visit_id = fields.String(required=True, metadata={"description": "The source's own id"})
    visit = fields.String(required=True)
    corrected = fields.Boolean(required=True, metadata={"description": "False: kept beside, among its conflicts"})


class VisitImportSchema(ImportReportSchema):
    """What an import of past visits did, or would do; `read` counts visits, a visit is taken whole or not at all."""

    batch = fields.String(required=True)
    source = fields.String(required=True)
    rows = fields.Integer(required=True, metadata={"description": "Rows of the file, without the header"})
    corrected = fields.Integer(required=True)
    waves = fields.Dict(keys=fields.String(), values=fields.Integer(), metadata={"description": "New by wave"})
    selected_by = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        metadata={"description": "Read by reason of the visit; those `unknown` are no evidence about a dealer"},
    )
    unknown_names = fields.Dict(
        keys=fields.String(),
        values=fields.Dict(keys=fields.String(), values=fields.Integer()),
        metadata={"description": "Dealers, auditors and checklists that nobody knows, the most frequent 20 of each"},
    )
    changes = fields.List(fields.Nested(VisitChangeSchema), required=True, metadata={"description": "The first 1,000"})
    preview = fields.List(
        fields.Dict(), required=True, metadata={"description": "In a dry run the first visits as understood"}
    )
