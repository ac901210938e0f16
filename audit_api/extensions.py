"""flask-smorest subclassed once: problem+json on the wire and in the spec, strict JSON, declared problems."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from traceback import extract_tb
from typing import IO, Any, TypeVar

import flask_smorest
import marshmallow as ma
from flask import Flask, Request, current_app, request
from flask.typing import ResponseReturnValue
from pymongo.database import Database
from webargs.flaskparser import FlaskParser, is_json_request
from werkzeug.exceptions import HTTPException

from audit_api import logs, problems
from audit_api.domain.directory import Actor
from audit_api.problems import Problem, ProblemType
from audit_api.settings import Settings

PROBLEM_TYPE = "application/problem+json"
MAX_JSON_DEPTH = 32
INT_LIMIT = 2**53
MAX_CAUSES, MAX_FRAMES = 5, 20  # of one crash in the log
View = TypeVar("View", bound=Callable[..., Any])


class Services:
    """What an operation needs from the process: settings, database, blob store."""

    def __init__(self, settings: Settings, database: Database[dict[str, Any]], store: Any) -> None:
        self.settings = settings
        self.database = database
        # An evidence.store.BlobStore; that package is this one's sibling, so its type is not named here.
        self.store = store
        # Tokens checked a moment ago: hash -> until when (monotonic), whose; kept by auth.py.
        self.tokens: dict[str, tuple[float, Actor]] = {}


def services() -> Services:
    """Give the services of the running application."""
    found: Services = current_app.extensions["audit"]
    return found


def language() -> str:
    """Choose `zh` or `en` for this request by Accept-Language; English where neither is asked for."""
    wishes = [(-quality, tag.lower()) for tag, quality in request.accept_languages if quality > 0]
    for _, tag in sorted(wishes, key=lambda wish: wish[0]):
        # The primary language decides: zh-Hant-TW and zh-SG are served with zh too.
        if (primary := re.split("[-_]", tag, maxsplit=1)[0]) in ("zh", "en"):
            return primary
    return "en"


def declares(*kinds: ProblemType) -> Callable[[View], View]:
    """Declare the problems a view raises beyond the general ones; they enter the OpenAPI file."""

    def decorate(view: View) -> View:
        view.__problems__ = (*getattr(view, "__problems__", ()), *kinds)  # type: ignore[attr-defined] # read by openapi.py
        return view

    return decorate


class Schema(ma.Schema):
    """Base of every schema: unknown fields are refused, order is kept."""

    class Meta:
        """Applies to every subclass."""

        unknown = ma.RAISE


class ProblemSchema(ma.Schema):
    """A problem document (RFC 9457)."""

    class Meta:
        """Some problems carry members of their own: `reason`, `missing`, `current_revision` (RFC 9457, 3.2)."""

        unknown = ma.INCLUDE

    type = ma.fields.String(
        required=True, metadata={"description": "Stable: switch on this", "format": "uri-reference"}
    )
    title = ma.fields.String(required=True, metadata={"description": "In the language of Accept-Language (zh or en)"})
    status = ma.fields.Integer(required=True)
    detail = ma.fields.String(metadata={"description": "What happened in this case and what to do"})
    instance = ma.fields.String(metadata={"description": "Request id, as in the log"})
    errors = ma.fields.List(ma.fields.Dict(), metadata={"description": "One entry for each field or item"})


class StrictParser(FlaskParser):
    """Reads JSON bodies without guessing: no duplicate keys, no NaN, no huge integers, bounded depth."""

    # Query strings and bodies alike: what is not declared is refused by name.
    DEFAULT_UNKNOWN_BY_LOCATION = {
        "json": ma.RAISE,
        "query": ma.RAISE,
        "headers": ma.EXCLUDE,
        "path": ma.RAISE,
        "form": ma.RAISE,
        "files": ma.RAISE,
    }

    def _raw_load_json(self, req: Any) -> Any:
        if not is_json_request(req):
            if req.content_length or req.mimetype:
                raise Problem(
                    problems.UNSUPPORTED_MEDIA_TYPE,
                    zh="请以 application/json 发送",
                    en="Send the body as application/json",
                )
            return super()._raw_load_json(req)
        return strict_json(body_bytes(req))

    def handle_error(
        self, error: ma.ValidationError, req: Any, schema: Any, *, error_status_code: Any, error_headers: Any
    ) -> Any:
        """Answer a body or query that its schema refuses."""
        raise Problem(
            problems.INVALID, members={"errors": flat_errors(error.messages)}, headers=error_headers or {}
        ) from error


def body_bytes(req: Request) -> bytes:
    """Read a whole body; raises TOO_LARGE for a chunked one beyond the limit, which Werkzeug would cut in silence."""
    data = req.get_data(cache=True)
    limit = req.max_content_length
    if req.content_length is None and limit is not None and len(data) >= limit:
        raise Problem(problems.TOO_LARGE)
    return data


def uncapped_stream(req: Request) -> IO[bytes]:
    """Give a body's stream to an operation that counts the bytes itself and says what it refuses."""
    req.max_content_length = sys.maxsize
    return req.stream


def flat_errors(messages: Any, path: str = "") -> list[dict[str, str]]:
    """Turn marshmallow's nested messages into a bounded list of `{"field", "message"}`."""
    if isinstance(messages, dict):
        found = [
            e for key, inner in messages.items() for e in flat_errors(inner, f"{path}.{key}" if path else str(key))
        ]
    elif isinstance(messages, list):
        found = [e for inner in messages for e in flat_errors(inner, path)]
    else:
        found = [{"field": printable(path), "message": printable(str(messages))}]
    return found[:100]


def printable(text: str) -> str:
    """Make foreign text safe to send back: no lone surrogates, no control characters, at most 300 characters."""
    return re.sub(r"[\x00-\x1f\x7f]", "\N{REPLACEMENT CHARACTER}", text[:300]).encode("utf-8", "replace").decode()


def strict_json(data: bytes) -> Any:
    """Parse a JSON body strictly; raises Problem(INVALID) saying what is wrong."""

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(items)
        if len(result) != len(items):
            raise ValueError("an object names the same key twice")
        return result

    def constant(name: str) -> Any:
        raise ValueError(f"{name} is not a JSON number")

    def integer(digits: str) -> int:
        if len(digits) > 17 or abs(int(digits)) > INT_LIMIT:
            raise ValueError("an integer is too large")
        return int(digits)

    def number(digits: str) -> float:
        value = float(digits)
        if value in (float("inf"), float("-inf")):
            raise ValueError("a number is too large")
        return value

    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=pairs,
            parse_constant=constant,
            parse_int=integer,
            parse_float=number,
        )
        _refuse_hostile(value, MAX_JSON_DEPTH)
    except RecursionError:
        raise _not_json("it is nested too deeply") from None
    except ValueError as error:
        raise _not_json(printable(str(error))) from error
    return value


def _refuse_hostile(value: Any, depth: int) -> None:
    if depth < 0:
        raise ValueError("it is nested too deeply")
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= c <= "\udfff" for c in value):
            raise ValueError("a text holds a NUL or a lone surrogate")
    elif isinstance(value, dict):
        for key, inner in value.items():
            _refuse_hostile(key, depth)
            _refuse_hostile(inner, depth - 1)
    elif isinstance(value, list):
        for inner in value:
            _refuse_hostile(inner, depth - 1)


def _not_json(reason: str) -> Problem:
    return Problem(
        problems.INVALID,
        zh=f"请求体不是可接受的 JSON:{reason}",
        en=f"The body is not acceptable JSON: {reason}",
    )


class Blueprint(flask_smorest.Blueprint):
    """A blueprint whose arguments are parsed strictly."""

    ARGUMENTS_PARSER = StrictParser()


class Api(flask_smorest.Api):
    """Problem documents for every HTTP error, in the answers and in the OpenAPI file.

    `_register_responses` is private to flask-smorest 0.47: the version is pinned and
    tests/contract/test_openapi.py holds the result.
    """

    ERROR_SCHEMA = ProblemSchema

    def _register_responses(self) -> None:
        self.DEFAULT_RESPONSE_CONTENT_TYPE = PROBLEM_TYPE
        super()._register_responses()
        del self.DEFAULT_RESPONSE_CONTENT_TYPE

    def handle_http_exception(self, error: HTTPException) -> ResponseReturnValue:
        """Answer an HTTP exception of Flask or Werkzeug as a problem document."""
        if error.response is not None:
            return error.response
        headers = dict(getattr(error, "data", {}).get("headers", {}) if hasattr(error, "data") else {})
        headers |= {k: v for k, v in error.get_headers() if k in ("Allow", "Retry-After", "WWW-Authenticate")}
        if error.code is not None and error.code < 400:
            return error.get_response()
        return problem_response(Problem(problems.of_status(error.code or 500), headers=headers))


def problem_response(problem: Problem) -> ResponseReturnValue:
    """Put a problem on the wire in the reader's language."""
    lang = language()
    document = problem.document(lang)
    if request_id := request.environ.get("audit.request_id"):
        document["instance"] = request_id
    response = current_app.response_class(
        json.dumps(document, ensure_ascii=False, default=str).encode(),
        problem.kind.status,
        mimetype=PROBLEM_TYPE,
    )
    response.headers.update(problem.headers)
    response.headers["Content-Language"] = lang
    response.headers["Vary"] = "Accept-Language"
    response.headers["Cache-Control"] = "no-store"
    return response


def log_crash(error: BaseException) -> None:
    """Log where a crash happened, under its request id.

    Kinds of error and places in the code only: messages and values may hold personal data.
    """
    trace: list[str] = []
    current: BaseException | None = error
    for _ in range(MAX_CAUSES):
        if current is None:
            break
        trace.append(type(current).__qualname__)
        for frame in extract_tb(current.__traceback__)[-MAX_FRAMES:]:
            trace.append(f"  {'/'.join(Path(frame.filename).parts[-2:])}:{frame.lineno} {frame.name}")
        current = current.__cause__ or current.__context__
    logs.write(
        "error",
        "crashed",
        request_id=request.environ.get("audit.request_id"),
        route=request.url_rule.rule if request.url_rule else None,
        trace=trace,
    )


def register_error_handlers(app: Flask) -> None:
    """Answer our own problems, database outages and crashes as problem documents."""
    from pymongo.errors import ConnectionFailure, ExecutionTimeout, PyMongoError  # noqa: PLC0415 - only at start

    def unavailable(_: Exception) -> ResponseReturnValue:
        return problem_response(Problem(problems.UNAVAILABLE, headers={"Retry-After": "5"}))

    def database_error(error: PyMongoError) -> ResponseReturnValue:
        # A commit whose outcome is unknown may be repeated: every write is idempotent.
        if error.has_error_label("RetryableWriteError") or error.has_error_label("TransientTransactionError"):
            return unavailable(error)
        return crashed(error)

    def crashed(error: Exception) -> ResponseReturnValue:
        log_crash(error)
        return problem_response(Problem(problems.UNEXPECTED))

    app.register_error_handler(Problem, problem_response)
    app.register_error_handler(ConnectionFailure, unavailable)
    app.register_error_handler(ExecutionTimeout, unavailable)
    app.register_error_handler(PyMongoError, database_error)
    app.register_error_handler(Exception, crashed)
