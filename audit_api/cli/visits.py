"""`audit-api visit …`."""

from __future__ import annotations

import json
from datetime import datetime

import click

from audit_api.cli.context import connected, now, terminal_language
from audit_api.domain.directory import OPERATOR
from audit_api.operations import evidence_ledger, follow_ups, visit_versions

LISTED_AT_ONCE = 200
WORDS = {
    "zh": {
        "arrived": "已到", "missing": "未到", "refused": "被拒收", "replaced": "被拒收，已替换", "open": "可补录至",
        "complete": "提交所需的内容均已齐全", "incomplete": "尚不能提交",
    },
    "en": {
        "arrived": "arrived", "missing": "missing", "refused": "refused", "replaced": "refused, replaced",
        "open": "open until",
        "complete": "nothing that a submission needs is missing", "incomplete": "it cannot be submitted yet",
    },
}  # fmt: skip


@click.group()
def visit() -> None:
    """Visits: their versions, how two of them differ, their evidence."""


@visit.command("versions")
@click.argument("visit_id", type=click.UUID)
def versions(visit_id: object) -> None:
    """List the versions of a visit: revision, when it came, hash, why; tab-separated."""
    after: int | None = None
    with connected():
        while True:
            found = visit_versions.list_versions(OPERATOR, str(visit_id), limit=LISTED_AT_ONCE, after=after)
            for row in found["items"]:
                why = row.get("correction") or row.get("replaced", {}).get("reason", "")
                words = (str(row["revision"]), row["updated_at"].isoformat(), row["content_hash"][:12], why)
                click.echo("\t".join(words))
            if (after := found["next"]) is None:
                return


@visit.command("compare")
@click.argument("visit_id", type=click.UUID)
@click.argument("before", type=click.IntRange(1))
@click.argument("after", type=click.IntRange(1), required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the differences as JSON.")
def compare(visit_id: object, before: int, after: int | None, *, as_json: bool) -> None:
    """Compare two versions of a visit, BEFORE with AFTER, or with what is held now."""
    with connected():
        found = visit_versions.compare_versions(OPERATOR, str(visit_id), before=before, after=after)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
        return
    zh = terminal_language() == "zh"
    for difference in found["differences"]:
        click.echo(difference["words"]["zh" if zh else "en"])
    if not found["differences"]:
        click.echo("没有差别" if zh else "no difference")


@visit.command("evidence")
@click.argument("visit_id", type=click.UUID)
@click.option("--json", "as_json", is_flag=True, help="Print the ledger as JSON.")
def evidence(visit_id: object, *, as_json: bool) -> None:
    """Hold the evidence of a visit that its answers need against what has arrived, item by item; tab-separated."""
    with connected() as services:
        found = evidence_ledger.open_ledger(OPERATOR, str(visit_id), settings=services.settings, at=now())
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1, default=_text))
        return
    lang = terminal_language()
    words = WORDS[lang]
    for error in found["errors"]:
        if "field" in error:
            click.echo(f"{error['field']}\t{error['message'][lang]}")
    for line in found["items"]:
        said = [error["message"][lang] for error in line["errors"]]
        open_until = (line["follow_up"] or {}).get("open_until")
        if open_until is not None:
            said.append(f"{words['open']} {open_until.isoformat(timespec='minutes')}")
        counts = f"{line['arrived']}/{max(line['needed'], line['named'])}"
        of = line["of"][lang] if line["of"] else ""
        click.echo("\t".join((line["item"], line["rule"], counts, of, "; ".join(said))))
        for photo in line["photos"]:
            also = " ".join(f"{other['item']}/{other['slot']}" for other in photo["repeats"])
            why = photo["refusal"]["message"][lang] if photo["refusal"] else f"= {also}" if also else ""
            click.echo("\t".join(("", photo["slot"], photo["sha256"], words[photo["state"]], why)))
    for photo in found["replaced"]:
        click.echo("\t".join(("", "", photo["sha256"], words["replaced"], photo["refusal"]["message"][lang])))
    click.echo(words["complete" if found["complete"] else "incomplete"])


def _text(value: datetime) -> str:
    return value.isoformat()


@visit.command("close-follow-ups")
def close_follow_ups() -> None:
    """Close the follow-up items whose windows have ended unanswered; run it from time to time, say once a day."""
    closed = 0
    with connected():
        while done := follow_ups.close_follow_ups(actor=OPERATOR, at=now()):
            closed += done
    click.echo(f"{closed} 次走访的跟进项已关闭" if terminal_language() == "zh" else f"{closed} visits closed")
