"""What the demo suggests to try: a client that speaks plain HTTP, as a phone or a script would."""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from audit_api.cli.context import terminal_language

TIMEOUT_SECONDS = 60
BEGAN_BEFORE = timedelta(hours=3)
QUALITY = 0.6

GRADES_ZH = {"flag": "标记", "watch": "关注"}
STATES_ZH = {
    "watch": "关注", "open": "待处理", "asked": "已询问经销商", "replied": "经销商已答复", "confirmed": "已确认",
    "dismissed": "已排除", "inconclusive": "无法判断",
}  # fmt: skip
URL = click.argument("url")
TOKEN = click.option("--token", required=True, help="A bearer token of the role that may do this.")


class Client:
    """Sends requests with one token; says what was sent and what came back."""

    def __init__(self, url: str, token: str) -> None:
        if not url.startswith(("http://", "https://")):
            raise click.BadParameter("must begin with http:// or https://", param_hint="URL")
        self.url, self.token = url.rstrip("/"), token

    def call(self, method: str, path: str, body: bytes | None = None, kind: str = "application/json") -> Any:
        """Send one request; returns the JSON answer. A refusal is printed and ends the program."""
        headers = {"Authorization": f"Bearer {self.token}", "Accept-Language": terminal_language()}
        if body is not None:
            headers["Content-Type"] = kind
        request = urllib.request.Request(self.url + path, body, headers, method=method)  # noqa: S310 - checked above
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - likewise
                status, text = answer.status, answer.read()
        except urllib.error.HTTPError as refusal:
            click.echo(f"{method} {path} -> {refusal.code}\n{refusal.read().decode('utf-8', 'replace')}", err=True)
            sys.exit(1)
        except OSError as error:
            click.echo(f"{self.url}: {getattr(error, 'reason', error)}", err=True)
            sys.exit(1)
        click.echo(f"{method} {path} -> {status}, {len(text)} bytes")
        return json.loads(text) if text else None


@click.command()
@URL
@TOKEN
@click.option("--code", default="SMS", show_default=True, help="SMS, SAA, AMS or AAA in the demo.")
def checklist(*, url: str, token: str, code: str) -> None:
    """Fetch a published checklist and print its questions."""
    lang = terminal_language()
    document = Client(url, token).call("GET", f"/v1/checklists/{code}")
    click.echo(f"{document['code']} {document['version']}{'：' if lang == 'zh' else ': '}{document['title'][lang]}")
    for section in document["sections"]:
        weight = f"（{section['weight']}）" if lang == "zh" else f" ({section['weight']})"
        click.echo(f"\n{section['code']} {section['title'][lang]}{weight}")
        for item in section["items"]:
            click.echo(f"  {item['id']:14} {item['text'][lang]}")


@click.command()
@URL
@TOKEN
def visit(*, url: str, token: str) -> None:
    """Make a visit for an open assignment: answers, drawn photographs, submission, receipt."""
    from audit_api.domain.checklist_document import from_document  # noqa: PLC0415 - only this command draws
    from audit_api.operations.demo_visits import compose_visit  # noqa: PLC0415 - likewise

    client = Client(url, token)
    task = _open_assignment(client)
    chosen = task["checklist"]
    fetched = from_document(client.call("GET", f"/v1/checklists/{chosen['code']}/versions/{chosen['version']}"))
    visit_id, dealer = str(uuid.uuid4()), task["dealer"]
    content, pictures = compose_visit(
        fetched,
        assignment=task["code"],
        dealer=dealer["code"],
        title=dealer["name_en"] or dealer["code"],
        position=(dealer["lat"], dealer["lon"]),
        started_at=datetime.now(UTC) - BEGAN_BEFORE,
        quality=QUALITY,
        seed=visit_id,
    )
    client.call("PUT", f"/v1/visits/{visit_id}", json.dumps(content).encode())
    for sha256, picture in pictures.items():
        client.call("PUT", f"/v1/photos/{sha256}", picture, "image/jpeg")
    receipt = client.call("POST", f"/v1/visits/{visit_id}/submission", b'{"revision": 1}')
    click.echo(json.dumps(receipt, ensure_ascii=False, indent=2))


def _open_assignment(client: Client) -> dict[str, Any]:
    """Find the first assignment of one's own that has no visit yet."""
    after = ""
    while after is not None:
        page = client.call("GET", "/v1/assignments?limit=200" + (f"&after={after}" if after else ""))
        for task in page["items"]:
            if task["visit"] is None:
                found: dict[str, Any] = task
                return found
        after = page["next"]
    zh, en = "没有未完成的派单了", "No open assignment is left: every one of them has its visit"
    click.echo(zh if terminal_language() == "zh" else en, err=True)
    sys.exit(1)


@click.command()
@URL
@TOKEN
def flags(*, url: str, token: str) -> None:
    """List the flags, each with the evidence that was frozen with it and its honest explanations."""
    lang, client = terminal_language(), Client(url, token)
    colon = "：" if lang == "zh" else ": "
    found = client.call("GET", "/v1/flags?limit=200")["items"]
    for entry in sorted(found, key=lambda flag: (flag["grade"], flag["p"] or 0.0)):
        flag = client.call("GET", f"/v1/flags/{entry['flag']}")
        q = "–" if flag["q"] is None else f"{flag['q']:.3g}"  # a reviewer reads blind: controls are in the queue
        if lang == "zh":
            grade, state = GRADES_ZH[flag["grade"]], STATES_ZH[flag["state"]]
            click.echo(f"\n{grade}  {flag['dealer']}（{flag['brand']}，{state}，q {q}）")
        else:
            click.echo(f"\n{flag['grade'].upper()}  {flag['dealer']} ({flag['brand']}, {flag['state']}, q {q})")
        for piece in flag["dossier"]["evidence"]:
            mark = "!" if piece.get("stands_out") else " "
            click.echo(f"  {mark} {piece['title'][lang]}{colon}{piece['sentence'][lang]}")
            if piece.get("stands_out", True):
                causes = ("；" if lang == "zh" else "; ").join(cause[lang] for cause in piece["honest_explanations"])
                click.echo(f"      {'可能的正常原因' if lang == 'zh' else 'Honest explanations'}{colon}{causes}")
    click.echo(
        "\n"
        + (
            "标记是问题，不是结论；由人来决定。"
            if lang == "zh"
            else "A flag is a question, not a verdict; a person decides it."
        )
    )
