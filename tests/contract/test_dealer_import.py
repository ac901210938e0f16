"""Dealers from files, by HTTP and from the command line."""

import csv
import io

import openpyxl
import pytest

from audit_api import problems
from audit_api.domain.directory import OPERATOR, Role, parse_dealer
from audit_api.models import base, trail
from audit_api.models.directory import Dealer
from audit_api.operations import directory
from tests.conftest import NOW

ROW = {
    "code": "D0042", "name_zh": "杭州一店", "name_en": "Hangzhou One", "brand": "Aurora", "region": "East",
    "city": "杭州", "city_tier": "1", "lat": "30.2741", "lon": "120.1551", "datum": "GCJ-02", "fence_m": "250",
    "timezone": "Asia/Shanghai", "opened_on": "2015-01-31", "ownership": "group", "owner_group": "大东",
    "volume_band": "M",
}  # fmt: skip


def table(*rows, columns=tuple(ROW), encoding="utf-8-sig", delimiter=","):
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, delimiter=delimiter, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode(encoding)


def send(client, headers, content, query=""):
    return client.post(f"/v1/dealer-imports{query}", data=content, headers=headers, content_type="text/csv")


def counts(report):
    return tuple(report[name] for name in ("read", "new", "changed", "same", "refused"))


def everything():
    return list(Dealer._get_collection().find().sort("_id")), base.collection("trail").count_documents({})


@pytest.fixture
def headers(people):
    return people.headers(people.add(Role.PROGRAMME_MANAGER))


def test_it_works(client, headers):
    answer = send(client, headers, table(ROW, ROW | {"code": "D0043"}))
    assert answer.status_code == 200
    assert answer.get_json() == {
        "dry_run": False, "read": 2, "new": 2, "changed": 0, "same": 0, "refused": 0, "errors": [],
    }  # fmt: skip
    assert client.get("/v1/dealers/D0042", headers=headers).get_json() == ROW | {
        "lat": 30.2741, "lon": 120.1551, "fence_m": 250,
    }  # fmt: skip
    assert [e["verb"] for e in trail.entries_of("dealer", "D0042")] == ["added"]


def test_a_second_import_changes_nothing(client, headers):
    send(client, headers, table(ROW))
    before = everything()
    assert counts(send(client, headers, table(ROW)).get_json()) == (1, 0, 0, 1, 0)
    assert everything() == before


def test_a_dry_run_writes_nothing(client, headers):
    before = everything()
    report = send(client, headers, table(ROW, ROW | {"code": "x y"}), "?dry_run=true").get_json()
    assert (report["dry_run"], counts(report)) == (True, (2, 1, 0, 0, 1))
    assert everything() == before


def test_a_change_is_counted_and_recorded(client, headers):
    send(client, headers, table(ROW))
    assert counts(send(client, headers, table(ROW | {"fence_m": "400"})).get_json()) == (1, 0, 1, 0, 0)
    entry = trail.entries_of("dealer", "D0042")[-1]
    assert (entry["verb"], entry["details"]) == ("changed", {"fence_m": 400})


def test_a_column_left_out_keeps_what_is_known_and_an_empty_cell_clears_it(client, headers):
    send(client, headers, table(ROW))
    assert counts(send(client, headers, table(ROW, columns=("code", "name_zh", "brand"))).get_json()) == (1, 0, 0, 1, 0)
    send(client, headers, table(ROW | {"lat": "", "lon": "", "region": ""}))
    found = client.get("/v1/dealers/D0042", headers=headers).get_json()
    assert (found["lat"], found["lon"], found["region"], found["fence_m"]) == (None, None, "", 250)


@pytest.mark.parametrize(
    ("encoding", "delimiter"), [("utf-8", ","), ("gb18030", ","), ("gb18030", ";"), ("utf-16", "\t")]
)
def test_what_spreadsheets_save(client, headers, encoding, delimiter):
    assert counts(send(client, headers, table(ROW, encoding=encoding, delimiter=delimiter)).get_json())[1] == 1
    assert client.get("/v1/dealers/D0042", headers=headers).get_json()["name_zh"] == "杭州一店"


def test_a_workbook_with_numbers_and_dates(client, headers, tmp_path):
    from datetime import date

    book = openpyxl.Workbook()
    book.active.append(list(ROW))
    typed = ROW | {"lat": 30.2741, "lon": 120.1551, "fence_m": 250.0, "city_tier": 1, "opened_on": date(2015, 1, 31)}
    book.active.append(list(typed.values()))
    book.save(tmp_path / "d.xlsx")
    assert counts(send(client, headers, (tmp_path / "d.xlsx").read_bytes()).get_json()) == (1, 1, 0, 0, 0)
    assert counts(send(client, headers, table(ROW)).get_json()) == (1, 0, 0, 1, 0), "the same content in either form"


BAD = [
    ("code", ""), ("code", "D 1"), ("code", "D" * 41), ("code", "经销商"), ("name_zh", ""), ("name_zh", "x" * 201),
    ("brand", ""), ("brand", "*"), ("brand", "a\nb"), ("lat", "91"), ("lat", "120.1"), ("lat", "30,27"), ("lat", "nan"),
    ("lat", "1e3"), ("lon", "-181"), ("lon", "inf"), ("lat", ""), ("lon", ""), ("datum", "NAD27"), ("fence_m", "0"),
    ("fence_m", "2.5"), ("fence_m", "10001"), ("timezone", "Asia/Hangzhou"), ("timezone", "../zone"),
    ("opened_on", "31.01.2015"), ("opened_on", "2015-02-30"), ("opened_on", "20150131"), ("opened_on", "9999-01-01"),
]  # fmt: skip


@pytest.mark.parametrize(("column", "value"), BAD)
def test_each_bad_cell_is_named(column, value):
    found = parse_dealer(7, ROW | {column: value})
    assert [(e.row, e.column, e.value) for e in found] == [(7, column, value)]
    assert found[0].zh
    assert found[0].en


def test_zero_zero_is_in_the_sea():
    assert [e.column for e in parse_dealer(2, ROW | {"lat": "0", "lon": "0.0"})] == ["lat"]


@pytest.mark.parametrize("datum", ["wgs84", "WGS-84", "gcj02", "GCJ 02", "bd-09", ""])
def test_a_datum_is_known_however_it_is_written(datum):
    assert parse_dealer(2, ROW | {"datum": datum}).datum in ("WGS-84", "GCJ-02", "BD-09")


def test_good_rows_go_in_and_bad_ones_are_named(client, headers):
    content = table(
        ROW, ROW | {"code": "D2", "lat": "99", "fence_m": "x"}, ROW | {"name_zh": "另一家"}, ROW | {"code": "D3"}
    )
    report = send(client, headers, content + "D4,多,了,太,多,1,2,3,4,5,6,7,8,9,10,11,12,13\r\n".encode()).get_json()
    assert counts(report) == (5, 2, 0, 0, 3)
    assert [(e["row"], e["column"]) for e in report["errors"]] == [(3, "lat"), (3, "fence_m"), (4, "code"), (6, "")]
    assert [d["_id"] for d in everything()[0]] == ["D0042", "D3"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"code,name_zh\nD1,x\n", "columns missing: brand"),
        (b"code,name_zh,brand,colour\nD1,x,A,red\n", "columns unknown: colour"),
        (b"code,code,brand\n", "named twice"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old .xls"),
    ],
)
def test_refused_files(client, headers, content, words):
    answer = send(client, headers, content)
    assert (answer.status_code, answer.get_json()["type"]) == (422, problems.IMPORT_REFUSED.uri)
    assert words in answer.get_json()["detail"]


def test_needs_scope_over_all_brands(client, people):
    for role in Role:
        scope = {"dealers": ("D0042",)} if role is Role.DEALER else {"brands": ("Aurora",)}
        answer = send(client, people.headers(people.add(role, **scope)), table(ROW))
        assert answer.status_code == 403
    assert everything()[0] == []
    admin = people.headers(people.add(Role.ADMIN))
    assert send(client, admin, table(ROW)).status_code == 200


def test_more_rows_than_one_batch(client, headers):
    rows = [ROW | {"code": f"D{n:04d}"} for n in range(450)]
    assert counts(send(client, headers, table(*rows)).get_json()) == (450, 450, 0, 0, 0)
    assert counts(send(client, headers, table(*rows)).get_json()) == (450, 0, 0, 450, 0)


def test_two_imports_at_once_add_each_dealer_once(app):
    from concurrent.futures import ThreadPoolExecutor

    from audit_api.intake.tables import Row

    rows = [Row(n + 2, ROW | {"code": f"D{n:04d}"}) for n in range(40)]

    def run(_):
        return directory.import_dealers(rows, dry_run=False, actor=OPERATOR, at=NOW)

    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(run, range(4)))
    assert sum(report.new for report in reports) == 40
    assert sum(report.same for report in reports) == 120
    assert all(len(trail.entries_of("dealer", f"D{n:04d}")) == 1 for n in range(40))


def test_from_the_command_line(command, tmp_path):
    file = tmp_path / "dealers.csv"
    file.write_bytes(table(ROW, ROW | {"code": "D2", "timezone": "Mars"}))
    dry = command("dealer", "import", file, "--dry-run")
    assert dry.exit_code == 1
    assert "Dry run, nothing written. 2 rows read: 1 new, 0 changed, 0 the same, 1 refused" in dry.output
    assert "dealers.csv: row 3, timezone 'Mars': Unknown time zone" in dry.output
    assert command("dealer", "list").output == ""
    assert command("dealer", "import", file).exit_code == 1
    file.write_bytes(table(ROW))
    again = command("dealer", "import", file)
    assert (again.exit_code, again.output) == (0, "1 rows read: 0 new, 0 changed, 1 the same, 0 refused\n")
    assert command("dealer", "list").output == "D0042\tAurora\tEast\t杭州\t杭州一店\tHangzhou One\n"
    assert command("dealer", "list", "--brand", "Borealis").output == ""


def test_people_are_listed(command):
    command("person", "add", "Li@example.com", "--name", "李", "--role", "auditor", "--brand", "Aurora")
    command("token", "create", "li@example.com")
    assert command("person", "list").output == "li@example.com\tauditor\tAurora\t\t1\n"
    command("token", "revoke", "li@example.com")
    assert command("person", "list").output == "li@example.com\tauditor\tAurora\t\t0\n"


def test_programme_wave_and_assignments_from_the_command_line(command, tmp_path):
    assert command("programme", "add", "P1", "--brand", "Aurora", "--name-zh", "项目").exit_code == 0
    made = command("wave", "add", "W1", "--programme", "P1", "--from", "2026-10-01", "--to", "2026-12-31")
    assert made.output == "W1 2026-09-30T16:00:00+00:00 2026-12-31T16:00:00+00:00\n"
    file = tmp_path / "a.csv"
    columns = "code,wave,dealer,checklist,version,auditor,window_from,window_to"
    file.write_text(f"{columns}\nA1,W1,D1,SMS,1,li@example.com,2026-11-01,2026-11-02\n", encoding="utf-8")
    refused = command("assignment", "import", file)
    assert refused.exit_code == 1
    for column in ("dealer 'D1'", "checklist 'SMS'", "auditor 'li@example.com'"):
        assert f"a.csv: row 2, {column}: " in refused.output
