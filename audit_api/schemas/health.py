"""Health on the wire."""

from marshmallow import fields

from audit_api.extensions import Schema


class HealthSchema(Schema):
    """State of the process."""

    status = fields.String(required=True)
