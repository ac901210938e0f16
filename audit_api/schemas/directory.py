"""Dealers on the wire."""

from __future__ import annotations

from marshmallow import fields

from audit_api.extensions import Schema
from audit_api.schemas.fields import PageQuery, Text, page_of


class DealerQuery(PageQuery):
    """Which dealers."""

    brand = Text(longest=60, load_default=None)
    region = Text(longest=60, load_default=None)


class SelfSchema(Schema):
    """Somebody, as told to themselves."""

    id = fields.String(required=True)
    email = fields.String(required=True)
    name = fields.String(required=True)
    role = fields.String(required=True)
    locale = fields.String(required=True)
    brands = fields.List(fields.String(), required=True)
    dealers = fields.List(fields.String(), required=True)


class DealerSchema(Schema):
    """A dealer."""

    code = fields.String(required=True)
    name_zh = fields.String()
    name_en = fields.String()
    brand = fields.String()
    region = fields.String()
    city = fields.String()
    city_tier = fields.String()
    lat = fields.Float(allow_none=True)
    lon = fields.Float(allow_none=True)
    datum = fields.String()
    fence_m = fields.Integer()
    timezone = fields.String()
    opened_on = fields.String()
    ownership = fields.String()
    owner_group = fields.String()
    volume_band = fields.String()


DealerPageSchema = page_of(DealerSchema)
