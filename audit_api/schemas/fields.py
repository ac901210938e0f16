"""Fields that take nothing for granted: bounded, typed, aware."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from audit_api.extensions import Schema

CODE = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$"
PAGE_LIMIT = 200
LONGEST_ID = 200
MAX_BYTES, MAX_DIGITS = 2**53, 16


class Text(fields.String):
    """Text of at most `longest` characters without NUL or lone surrogates."""

    def __init__(self, *, longest: int = 500, shortest: int = 0, **kwargs: Any) -> None:
        super().__init__(validate=validate.Length(min=shortest, max=longest), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if text is not None and ("\x00" in text or any("\ud800" <= c <= "\udfff" for c in text)):
            raise ma.ValidationError("holds a NUL or a lone surrogate")
        return text


class Code(Text):
    """A short code: letters, digits, dot, dash, underscore; at most 40."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(longest=40, shortest=1, **kwargs)
        self.validators.append(validate.Regexp(CODE, error="letters, digits, dot, dash and underscore only"))

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if text is not None and text.endswith("\n"):  # Python's $ also matches before a last line break
            raise ma.ValidationError("letters, digits, dot, dash and underscore only")
        return text


class Flag(fields.Boolean):
    """True or false, and nothing that could be read as either."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class ByteCount(fields.Integer):
    """A number of bytes in a header: decimal digits and nothing else."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=validate.Range(min=0, max=MAX_BYTES), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if not (isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= MAX_DIGITS):
            raise ma.ValidationError("a number of bytes in decimal digits")
        return super()._deserialize(value, attr, data, **kwargs)


class Moment(fields.AwareDateTime):
    """An ISO 8601 time with an offset between the years 2000 and 2100; given as UTC."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="iso", default_timezone=None, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        try:
            moment: datetime = super()._deserialize(value, attr, data, **kwargs).astimezone(UTC)
        except (OverflowError, ValueError) as error:
            if isinstance(error, ma.ValidationError):
                raise
            raise ma.ValidationError("not a usable time") from error
        if not 2000 <= moment.year <= 2100:
            raise ma.ValidationError("must lie between the years 2000 and 2100")
        return moment


class PageQuery(Schema):
    """Which part of a list: at most `limit` entries after the one named by `after`."""

    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=PAGE_LIMIT))
    after = Text(longest=100, load_default=None, metadata={"description": "`next` of the page before"})


class LongPageQuery(PageQuery):
    """Which part of a list whose entries have long names."""

    after = Text(longest=LONGEST_ID, load_default=None, metadata={"description": "`next` of the page before"})


def page_of(item: type[Schema]) -> type[Schema]:
    """Make the schema of a page: `items`, and `next` (null at the end)."""
    name = item.__name__.removesuffix("Schema") + "PageSchema"
    return type(
        name,
        (Schema,),
        {
            "__doc__": "A page of a list.",
            "items": fields.List(fields.Nested(item), required=True),
            "next": fields.String(
                required=True, allow_none=True, metadata={"description": "Send as `after`; null at the end"}
            ),
        },
    )
