"""What an import of a table answers."""

from __future__ import annotations

import marshmallow as ma
from marshmallow import fields

from audit_api.extensions import Schema


class ImportQuery(Schema):
    """How to import."""

    dry_run = fields.Boolean(load_default=False, metadata={"description": "Check everything, write nothing"})


class RefusedCellSchema(ma.Schema):
    """Why one row was refused."""

    row = fields.Integer(required=True, metadata={"description": "As a spreadsheet shows it; the header is row 1"})
    column = fields.String(required=True, metadata={"description": "Empty where the whole row is meant"})
    value = fields.String(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)


class ImportReportSchema(ma.Schema):
    """What an import did, or would do; good rows went in even where others were refused."""

    dry_run = fields.Boolean(required=True)
    read = fields.Integer(required=True)
    new = fields.Integer(required=True)
    changed = fields.Integer(required=True)
    same = fields.Integer(required=True)
    refused = fields.Integer(required=True)
    errors = fields.List(
        fields.Nested(RefusedCellSchema), required=True, metadata={"description": "The first 1,000 errors"}
    )
