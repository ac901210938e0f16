"""Screening runs on the wire."""

from __future__ import annotations

from marshmallow import fields

from audit_api.extensions import Schema
from audit_api.schemas.fields import PageQuery, Text, page_of


class RunQuery(PageQuery):
    """Which runs."""

    wave = Text(longest=40, load_default=None)


class FrozenTableSchema(Schema):
    """One table of the frozen inputs."""

    table = fields.String(required=True)
    sha256 = fields.String(required=True, metadata={"description": "Of its Parquet file"})
    bytes = fields.Integer(required=True)
    rows = fields.Integer(required=True)


class RunSchema(Schema):
    """A frozen screening."""

    code = fields.String(required=True)
    wave = fields.String(required=True)
    programme = fields.String(required=True)
    brand = fields.String(required=True)
    questionnaire = fields.String(required=True)
    action = fields.Boolean(required=True, metadata={"description": "Only an action run flags; others put on watch"})
    started_at = fields.AwareDateTime(required=True)
    finished_at = fields.AwareDateTime(required=True)
    by = fields.String(required=True)
    code_sha256 = fields.String(metadata={"description": "Hash of the code that made the figures"})
    frozen = fields.List(
        fields.Nested(FrozenTableSchema), metadata={"description": "The inputs, kept so that the run can be made again"}
    )
    scope = fields.Dict(metadata={"description": "From when to when visits counted"})
    blind = fields.Boolean(
        metadata={"description": "Counts by grade are null: flags on this wave wait for a blind decision of yours"}
    )
    run = fields.Dict(
        required=True, metadata={"description": "Version, parameters, seed, hash of the inputs, counts by peer group"}
    )


RunPageSchema = page_of(RunSchema)


class ScreenedDealerSchema(Schema):
    """What a run found at one dealer."""

    dealer = fields.String(required=True)
    outcome = fields.Dict(
        required=True, metadata={"description": "score (suspicion 0..100), grade, p, q, assessable, groups, peer_group"}
    )
    blind = fields.Boolean(
        metadata={"description": "What grades a dealer is null: flags on this wave wait for a blind decision of yours"}
    )
    indicators = fields.List(
        fields.Dict(), required=True, metadata={"description": "indicator, observed, expected, n, z, p, reason"}
    )


ScreenedDealerPageSchema = page_of(ScreenedDealerSchema)
