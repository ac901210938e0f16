"""Who is asking: bearer tokens, browser sessions for pages, roles, and the policy every route declares."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import quote

from flask import Flask, Response, g, redirect, request
from itsdangerous import BadData, URLSafeTimedSerializer

from audit_api import problems
from audit_api.domain.directory import Actor, Role
from audit_api.edge import ROLE
from audit_api.extensions import services
from audit_api.models import directory
from audit_api.problems import Problem

View = TypeVar("View", bound=Callable[..., Any])
PUBLIC = frozenset({"public"})
CACHE_SIZE = 4096
MAX_TOKEN_CHARACTERS = 200
# Flask's own endpoint for static files; everything else declares a policy.
WITHOUT_POLICY = frozenset({"static"})


def requires(*roles: Role) -> Callable[[View], View]:
    """Let only these roles call a view; 401 without a valid token, 403 for every other role."""
    allowed = frozenset(roles)

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if authenticate().role not in allowed:
                raise Problem(problems.FORBIDDEN)
            return view(*args, **kwargs)

        guarded.__policy__ = allowed  # type: ignore[attr-defined] # read by policy_of and the tests
        return guarded  # type: ignore[return-value] # same signature as the view

    return decorate


def public(view: View) -> View:
    """Declare that a view needs no token."""
    view.__policy__ = PUBLIC  # type: ignore[attr-defined] # read by policy_of and the tests
    return view


def actor() -> Actor:
    """Give the person behind the request."""
    found: Actor = g.actor
    return found


def now() -> datetime:
    """Give the server's time of this request, the same throughout."""
    if "now" not in g:
        g.now = datetime.now(UTC)
    moment: datetime = g.now
    return moment


def authenticate() -> Actor:
    """Check the bearer token; raises Problem(UNAUTHENTICATED)."""
    environ = request.environ
    header = environ.get("HTTP_AUTHORIZATION", "")
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token or len(token) > MAX_TOKEN_CHARACTERS:
        raise _unauthenticated(header)
    found = _actor_of(hash_token(token.strip()))
    if found is None:
        raise _unauthenticated(header)
    g.actor = found
    environ[ROLE] = found.role.value
    return found


def hash_token(token: str) -> str:
    """Give what is kept of a token. Tokens are 256 random bits, so a plain SHA-256 cannot be guessed back."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


SESSION_COOKIE, FORM_COOKIE = "audit_session", "audit_form"
FORM_SECONDS = 3_600
SECONDS_AN_HOUR = 3_600


def page_requires(*roles: Role) -> Callable[[View], View]:
    """Let only these roles see a page: by session cookie in a browser, by bearer token elsewhere.

    A browser without a session, or with one of another role, is led to the sign-in page. The API itself takes no
    cookie, so no other site can act through a browser.
    """
    allowed = frozenset(roles)

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            try:
                role = _authenticate_page().role
            except Problem:
                if wants_html():
                    return redirect(f"/sign-in?next={quote(request.full_path.rstrip('?'), safe='')}", 303)
                raise
            if role not in allowed:
                if wants_html():
                    return redirect("/sign-in?why=role", 303)
                raise Problem(problems.FORBIDDEN)
            return view(*args, **kwargs)

        guarded.__policy__ = allowed  # type: ignore[attr-defined] # read by policy_of and the tests
        return guarded  # type: ignore[return-value] # same signature as the view

    return decorate


def wants_html() -> bool:
    """Tell whether a person's browser asks: it names text/html."""
    return "text/html" in request.headers.get("Accept", "")


def _authenticate_page() -> Actor:
    if "Authorization" in request.headers:
        return authenticate()
    found = signed_in()
    if found is None:
        raise _unauthenticated("")
    g.actor = found
    request.environ[ROLE] = found.role.value
    return found


def signed_in() -> Actor | None:
    """Give the person of the session cookie, None without a good one; a revoked token ends its sessions."""
    cookie = request.cookies.get(SESSION_COOKIE, "")
    seconds = services().settings.session_hours * SECONDS_AN_HOUR
    try:
        token_hash = _signer("session").loads(cookie, max_age=seconds) if cookie else ""
    except BadData:
        return None
    return _actor_of(token_hash) if isinstance(token_hash, str) and token_hash else None


def begin_session(response: Response, token: str) -> bool:
    """Put a session for a good token into a response; False where the token opens nothing.

    The cookie holds the token's hash, signed; scripts cannot read it, other sites do not send it.
    """
    token_hash = hash_token(token.strip())
    if len(token) > MAX_TOKEN_CHARACTERS or _actor_of(token_hash) is None:
        return False
    hours = services().settings.session_hours
    _set_cookie(response, SESSION_COOKIE, _signer("session").dumps(token_hash), hours * SECONDS_AN_HOUR)
    return True


def end_session(response: Response) -> None:
    """Take the session out of the browser."""
    response.delete_cookie(SESSION_COOKIE, samesite="Strict", httponly=True, secure=request.is_secure)


def form_token(response_cookies: dict[str, str]) -> str:
    """Give the signed token for a form, bound to this browser; a new cookie goes into `response_cookies`."""
    bound = request.cookies.get(FORM_COOKIE) or secrets.token_urlsafe(24)
    if FORM_COOKIE not in request.cookies:
        response_cookies[FORM_COOKIE] = bound
    return _signer("form").dumps(hash_token(bound))


def set_form_cookies(response: Response, cookies: dict[str, str]) -> None:
    """Put the cookies that form tokens are bound to into a response."""
    for name, value in cookies.items():
        _set_cookie(response, name, value, FORM_SECONDS)


def check_form(token: str) -> bool:
    """Tell whether a form was made by us for this browser within the hour."""
    bound = request.cookies.get(FORM_COOKIE, "")
    try:
        kept = _signer("form").loads(token, max_age=FORM_SECONDS)
    except BadData:
        return False
    return bool(bound) and isinstance(kept, str) and secrets.compare_digest(kept, hash_token(bound))


def _signer(salt: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(services().settings.secret_key, salt=f"audit-api {salt}")


def _set_cookie(response: Response, name: str, value: str, seconds: int) -> None:
    response.set_cookie(
        name, value, max_age=seconds, httponly=True, samesite="Strict", secure=request.is_secure, path="/"
    )


def _actor_of(token_hash: str) -> Actor | None:
    process = services()
    hit = process.tokens.get(token_hash)
    if hit and hit[0] > time.monotonic():
        return hit[1]
    found = directory.actor_of_token(token_hash, now())
    keep_seconds = process.settings.token_cache_seconds
    if found is not None and keep_seconds > 0:
        if len(process.tokens) >= CACHE_SIZE:
            process.tokens.clear()
        process.tokens[token_hash] = (time.monotonic() + keep_seconds, found)
    return found


def _unauthenticated(header: str) -> Problem:
    challenge = 'Bearer realm="audit-api"' + (', error="invalid_token"' if header else "")
    return Problem(
        problems.UNAUTHENTICATED,
        zh="请在 Authorization 头中提供未过期的令牌:Bearer <令牌>",
        en="Send a token that has not expired or been revoked as: Authorization: Bearer <token>",
        headers={"WWW-Authenticate": challenge},
    )


def policy_of(app: Flask, endpoint: str, method: str) -> frozenset[str] | None:
    """Give the roles that may call an endpoint by a method, PUBLIC, or None where nothing is declared."""
    view = app.view_functions[endpoint]
    if view_class := getattr(view, "view_class", None):
        name = "get" if method == "HEAD" and not hasattr(view_class, "head") else method.lower()
        view = getattr(view_class, name)
    return getattr(view, "__policy__", None)


def check_policies(app: Flask) -> None:
    """Refuse to start with a route that declares no policy."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint in WITHOUT_POLICY:
            continue
        for method in (rule.methods or set()) - {"OPTIONS"}:
            if policy_of(app, rule.endpoint, method) is None:
                raise RuntimeError(f"{method} {rule.rule} declares no policy: use auth.requires(...) or auth.public")
