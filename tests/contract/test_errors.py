"""Every error is a problem document: stable type, title in the reader's language, nothing of the inside shown."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app

from audit_api import problems
from audit_api.edge import SECURITY_HEADERS
from tests.contract.checks import bodies, check_problem, signed, somewhere
from tests.contract.route_map import Route, routes
from tests.contract.world import World

LANGUAGES = {
    "zh-CN,zh;q=0.9,en;q=0.5": "zh",
    "zh-Hant-TW;q=0.8,en;q=0.2": "zh",
    "zh": "zh",
    "zh-SG": "zh",
    "en-GB,en;q=0.9": "en",
    "en": "en",
    "fr": "en",
    "fr,zh;q=0.3": "zh",
    "*": "en",
    "": "en",
}


@pytest.mark.parametrize(("accepted", "spoken"), LANGUAGES.items())
def test_title_in_the_readers_language(world: World, accepted: str, spoken: str) -> None:
    headers = {"Accept-Language": accepted} if accepted else {}
    for path in ("/nowhere", "/v1/nowhere", "/v1/dealers"):
        answer = world.client.get(path, headers=headers)
        check_problem(answer)
        assert answer.headers["Content-Language"] == spoken


@pytest.mark.parametrize(
    "accepted",
    [
        "zh;q=abc", ";;;", ",,,", "q=1", "zh;q=-1", "zh;q=2", "z" * 5000, "zh," * 3000, "\xff\xfe", "zh\x0b",
        "en;q=nan", "en;q=1e400", "zh-" * 400, "*;q=0", "en;q=0", "zh_CN.UTF-8",
    ],
)  # fmt: skip
def test_odd_language_wishes_do_no_harm(world: World, accepted: str) -> None:
    check_problem(world.client.get("/nowhere", headers={"Accept-Language": accepted}), 404)


@pytest.mark.parametrize(
    "accept", ["text/html", "application/xml;q=0", "*/*;q=0", "x", "////", "a/b;q=z", ",", "*" * 4000]
)
def test_odd_wishes_for_a_format_do_no_harm(world: World, accept: str) -> None:
    assert world.client.get("/healthz", headers={"Accept": accept}).status_code in (200, 406)
    check_problem(world.client.get("/nowhere", headers={"Accept": accept}), 404)


def test_not_found_names_nothing(world: World) -> None:
    document = check_problem(world.client.get("/v1/secret-name-of-somebody"), 404)
    assert "secret-name" not in json.dumps(document)


@pytest.mark.parametrize("route", routes(), ids=str)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "BREW"])
def test_a_method_that_is_not_there_names_those_that_are(world: World, route: Route, method: str) -> None:
    there = {r.method for r in routes() if r.rule == route.rule}
    if method in there:
        return
    answer = world.client.open(somewhere(route), method=method)
    document = check_problem(answer, 405)
    assert document["type"] == "/problems/method-not-allowed"
    allowed = set(re.split(r",\s*", answer.headers["Allow"]))
    assert there <= allowed
    assert allowed <= there | {"HEAD", "OPTIONS"}


@pytest.mark.parametrize("route", routes(), ids=str)
def test_options_lists_the_methods_and_says_nothing_else(world: World, route: Route) -> None:
    answer = world.client.options(somewhere(route))
    assert answer.status_code == 200
    assert answer.get_data() == b""
    assert route.method in re.split(r",\s*", answer.headers["Allow"])


@pytest.mark.parametrize("route", [r for r in routes() if r.method == "GET"], ids=str)
def test_head_answers_as_get_without_a_body(world: World, route: Route) -> None:
    for headers in ({}, signed(world, route)):
        get = world.client.get(somewhere(route), headers=headers)
        head = world.client.head(somewhere(route), headers=headers)
        # A HEAD of its own may know more states than GET (a photo half received), never fewer refusals.
        assert head.status_code == get.status_code or (get.status_code < 400 and head.status_code < 400)
        assert head.get_data() == b""


@pytest.mark.parametrize("route", bodies(), ids=str)
def test_only_json_is_read(world: World, route: Route) -> None:
    for content_type in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
    ):
        answer = world.client.open(
            somewhere(route), method=route.method, headers=signed(world, route), data=b"a=1", content_type=content_type
        )
        assert check_problem(answer)["status"] in (404, 415), content_type
    answer = world.client.open(somewhere(route), method=route.method, headers=signed(world, route), data=b"{}")
    assert check_problem(answer)["status"] in (404, 415, 422)


@pytest.mark.parametrize("route", bodies(), ids=str)
def test_a_body_over_the_limit_is_refused(world: World, route: Route) -> None:
    data = b'{"a": "' + b"x" * 3_000_000 + b'"}'
    headers = signed(world, route)
    answer = world.client.open(
        somewhere(route), method=route.method, headers=headers, data=data, content_type="application/json"
    )
    check_problem(answer, 413)


@pytest.mark.parametrize("route", [r for r in routes() if not r.public], ids=str)
def test_without_a_token_and_with_a_wrong_role(world: World, route: Route) -> None:
    answer = world.client.open(somewhere(route), method=route.method)
    check_problem(answer, 401)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    for role in ("admin", "auditor", "dealer", "programme_manager", "quality_reviewer"):
        if role not in route.policy:
            refused = world.client.open(somewhere(route), method=route.method, headers=world.headers(role))
            check_problem(refused, 403)


@pytest.mark.parametrize(
    "path",
    [
        "/" + "a" * 20_000, "/v1/dealers/" + "9" * 9000, "/v1/dealers/%00", "/v1/dealers/%ff%fe", "/v1/dealers/%",
        "/v1/dealers/%zz", "/v1/dealers/%ed%a0%80", "/v1/dealers/..%2f..%2fetc", "/%2e%2e/%2e%2e", "//v1//dealers",
        "/v1/dealers/$where", "/v1/dealers/{}", "/v1/dealers/[$ne]", "/v1/dealers/%0d%0aX: y", "/v1/dealers;x=1",
        "/\u4f60", "/v1/dealers?" + "limit=1&" * 5000, "/v1/dealers?limit=" + "9" * 5000, "/v1/dealers?limit=%ff",
        "/v1/dealers?%00=1", "/v1/dealers?after=%00", "/v1/dealers?after=%ed%a0%80", "/v1/dealers?limit[$gt]=1",
        "/v1/dealers?limit=1&limit=2",
        "/v1/dealers?brand[]=x", "/v1/dealers?brand=" + "x" * 9000, "/v1/dealers?%24where=1", "/v1/dealers?&&&===",
    ],
)  # fmt: skip
def test_odd_addresses_do_no_harm(world: World, path: str) -> None:
    for headers in ({}, world.headers("admin")):
        answer = world.client.get(path, headers=headers)
        assert answer.status_code < 500
        if answer.status_code >= 400:
            check_problem(answer)


def test_raw_bytes_in_the_path_do_no_harm(world: World) -> None:
    """What a server hands over undecoded: PATH_INFO with bytes that are no UTF-8, and QUERY_STRING likewise."""
    for raw in ("/v1/dealers/\x00", "/v1/dealers/\xff\xfe", "/\xed\xa0\x80", "", "v1", "\x00" * 50, "/v1/\r\nX: y"):
        environ = EnvironBuilder("/").get_environ() | {"PATH_INFO": raw, "QUERY_STRING": "\xff=\xed\xa0\x80&%&%zz"}
        for token in ("", world.headers("admin")["Authorization"]):
            _, status, _ = run_wsgi_app(world.app.wsgi_app, environ | {"HTTP_AUTHORIZATION": token})
            assert int(status[:3]) < 500, raw


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer"}, {"Authorization": "Bearer "}, {"Authorization": "Basic eDp5"},
        {"Authorization": "x" * 9000},
        {"Authorization": "Bearer " + "a" * 9000}, {"Authorization": "Bearer \xff\xfe"}, {"Authorization": "bearer\tx"},
        {"Authorization": "Digest username=x"}, {"Content-Length": "-1"}, {"Content-Length": "abc"},
        {"Content-Length": "9" * 40},
        {"Transfer-Encoding": "chunked"}, {"If-None-Match": '"' + "x" * 9000}, {"If-Match": "*,*,W/"},
        {"If-Modified-Since": "yesterday"}, {"Range": "bytes=9-1,-0,x"}, {"Cookie": "a=" + "b" * 9000},
        {"Host": "a b"},
        {"X-Forwarded-For": "1" * 9000}, {"Expect": "200-ok"}, {"Content-Type": "application/json; charset=klingon"},
        {"Content-Encoding": "gzip"}, {"Upload-Offset": "-1"}, {"Upgrade": "websocket"}, {"Date": "x"},
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("route", routes(), ids=str)
def test_odd_headers_do_no_harm(world: World, route: Route, headers: dict[str, str]) -> None:
    odd = dict(signed(world, route)) | headers
    answer = world.client.open(somewhere(route), method=route.method, headers=odd)
    assert answer.status_code < 500, answer.get_data()[:300]
    if answer.status_code >= 400:
        check_problem(answer)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("abcd-1234-EFGH", True), ("a" * 64, True), ("a" * 65, False), ("short", False), ("with space 123", False),
        ("../../etc/passwd", False), ('{"a":1}"\'', False), ("zehn\xfczeichen", False), ("", False),
    ],
)  # fmt: skip
def test_a_well_formed_request_id_is_kept(world: World, given: str, kept: bool) -> None:
    for path in ("/healthz", "/nowhere"):
        answer = world.client.get(path, headers={"X-Request-Id": given} if given else {})
        assert (answer.headers["X-Request-Id"] == given) is kept
        assert re.fullmatch(r"[A-Za-z0-9-]{8,64}", answer.headers["X-Request-Id"])


@pytest.mark.parametrize("route", routes(), ids=str)
def test_security_headers_are_on_every_answer(world: World, route: Route) -> None:
    for headers in ({}, signed(world, route)):
        for method in (route.method, "OPTIONS", "BREW"):
            answer = world.client.open(somewhere(route), method=method, headers=headers)
            for name in SECURITY_HEADERS:
                assert name in answer.headers, (route, method, name)
            policy = answer.headers["Content-Security-Policy"]
            assert "unsafe-inline" not in policy
            assert "unsafe-eval" not in policy
            if headers:
                assert "no-store" in answer.headers.get("Cache-Control", "") or answer.status_code < 400


def test_answers_to_a_person_are_not_kept_by_caches(world: World) -> None:
    answer = world.client.get("/v1/dealers", headers=world.headers("admin"))
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_catalogue_is_stable_and_in_both_languages() -> None:
    slugs = [kind.slug for kind in problems.catalogue()]
    assert len(slugs) == len(set(slugs))
    for kind in problems.catalogue():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", kind.slug)
        assert re.search(r"[\u4e00-\u9fff]", kind.zh), kind
        assert kind.en.isascii(), kind
        assert 400 <= kind.status < 600


def test_a_body_that_never_ends_is_cut_at_the_limit(world: World) -> None:
    """A chunked body announces no length; the limit holds all the same."""

    class Endless(io.RawIOBase):
        read_bytes = 0

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            Endless.read_bytes += len(buffer)
            assert Endless.read_bytes < 100_000_000
            buffer[:] = b" " * len(buffer)
            return len(buffer)

    for route in bodies():
        environ = EnvironBuilder(somewhere(route), method=route.method, headers=signed(world, route)).get_environ()
        environ |= {
            "wsgi.input": io.BufferedReader(Endless()),
            "wsgi.input_terminated": True,
            "CONTENT_TYPE": "application/json",
            "HTTP_TRANSFER_ENCODING": "chunked",
        }
        environ.pop("CONTENT_LENGTH", None)
        Endless.read_bytes = 0
        _, status, _ = run_wsgi_app(world.app.wsgi_app, environ)
        assert int(status[:3]) in (404, 413), route
