"""Screening from files: the same bytes twice, order is nothing, hostile folders are refused with the place."""

import csv
import json
import random

import pytest
from click.testing import CliRunner
from worlds import inputs_of

from audit_api.anomaly.grades import Parameters
from audit_api.anomaly.registry import ENTRIES
from audit_api.anomaly.screening import screen
from audit_api.cli.screen_files import screen_files
from audit_api.intake.screening_files import FolderRefusedError, notices, read_folder, write_screening
from audit_api.simulator import NetworkSpec, simulate_network, write_folder

QUICK = Parameters(action=True, draws=20_000, near_duplicate_draws=16)
FILES = ("screening.csv", "indicators.csv", "run.json")


@pytest.fixture(scope="module")
def world():
    return simulate_network(NetworkSpec(dealers=60, levels=10, intensity=0.8), 21)


@pytest.fixture
def folder(world, tmp_path):
    write_folder(world, tmp_path / "in")
    return tmp_path / "in"


def run(folder, out):
    write_screening(out, screen(read_folder(folder, (1, 10)), QUICK))
    return {name: (out / name).read_bytes() for name in FILES}


def test_it_works(folder, tmp_path):
    result = CliRunner().invoke(screen_files, [str(folder), "--scale", "1:10", "--out", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    assert result.stdout == ""  # progress goes to standard error
    with (tmp_path / "out" / "screening.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        "dealer_id", "score", "flag", "grade", "p", "q", "assessable", "unexplained_top_share", "groups",
        "top_indicators",
    ]  # fmt: skip
    assert len(rows) == 60
    assert {row["flag"] for row in rows} <= {"0", "1"}
    shares = [float(row["unexplained_top_share"]) for row in rows if row["unexplained_top_share"]]
    assert len(shares) > 40
    assert all(0 <= share < 1 for share in shares)
    with (tmp_path / "out" / "indicators.csv").open(encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == 60 * len(ENTRIES)
    assert json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))["counts"]["dealers"] == 60


def test_the_folder_is_the_network(folder, world):
    assert read_folder(folder, (1, 10)).scaled().shape == world.answers.shape
    one, other = read_folder(folder, (1, 10)), inputs_of(world)
    assert [d.p for d in screen(one, QUICK).dealers] == [d.p for d in screen(other, QUICK).dealers]


def test_twice_the_same_bytes(folder, tmp_path):
    assert run(folder, tmp_path / "a") == run(folder, tmp_path / "b")


def test_permuted_rows_and_columns_give_the_same_bytes(folder, tmp_path):
    before = run(folder, tmp_path / "a")
    rng = random.Random(4)
    for name in ("dealers", "responses", "audits"):
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            header, *rows = list(csv.reader(file))
        rng.shuffle(rows)
        order = list(range(len(header)))
        rng.shuffle(order)
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([[line[i] for i in order] for line in (header, *rows)])
    assert run(folder, tmp_path / "b") == before


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_encodings(folder, tmp_path, encoding):
    before = run(folder, tmp_path / "a")
    for name in ("dealers", "responses", "audits"):
        text = (folder / f"{name}.csv").read_text(encoding="utf-8")
        (folder / f"{name}.csv").write_text(text, encoding=encoding)
    assert run(folder, tmp_path / "b") == before


def test_jsonl(folder, tmp_path):
    before = run(folder, tmp_path / "a")
    with (folder / "responses.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    typed = [
        {name: (int(cell) if name.startswith("q_") else cell) if cell else None for name, cell in row.items()}
        for row in rows
    ]
    (folder / "responses.jsonl").write_text(
        "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in typed), encoding="utf-8"
    )
    with pytest.raises(FolderRefusedError, match="both there"):
        read_folder(folder, (1, 10))
    (folder / "responses.csv").unlink()
    assert run(folder, tmp_path / "b") == before


def test_without_audits_and_optional_columns(folder, tmp_path):
    (folder / "audits.csv").unlink()
    (folder / "staff.csv").write_text("dealer_id,contact_hash\n", encoding="utf-8")  # no row: as if absent
    (folder / "dealers.csv").write_text(
        "dealer_id\n" + "\n".join(f"D{i + 1:04d}" for i in range(60)) + "\n", encoding="utf-8"
    )
    with (folder / "responses.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    keep = [name for name in rows[0] if name in ("response_id", "dealer_id") or name.startswith("q_")]
    with (folder / "responses.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, keep, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    record = json.loads(run(folder, tmp_path / "a")["run.json"])
    assert record["indicators"]["discordance"]["state"] == "off"
    assert record["indicators"]["near_duplicates"]["state"] == "on"
    assert any("audits.csv is missing" in line for line in notices(folder))
    assert any("staff.csv" in line for line in notices(folder))


def test_scales_and_outcomes(tmp_path):
    (tmp_path / "dealers.csv").write_text("dealer_id\na\n", encoding="utf-8")
    (tmp_path / "responses.csv").write_text(
        "response_id,dealer_id,q_A,q_A__2,q_recommend\n1,a,5,7,10\n", encoding="utf-8"
    )
    (tmp_path / "scales.csv").write_text("column,min,max\nq_A__2,1,7\nq_recommend,0,10\n", encoding="utf-8")
    columns = {column.name: column for column in read_folder(tmp_path).columns}
    assert (columns["q_A__2"].touchpoint, columns["q_A__2"].maximum) == ("A", 7)
    assert columns["q_recommend"].is_outcome
    assert not columns["q_A"].is_outcome


GOOD = {
    "dealers.csv": "dealer_id,region\na,N\nb,N\n",
    "responses.csv": "response_id,dealer_id,q_A,q_B\n1,a,5,4\n2,b,3,\n",
    "audits.csv": "dealer_id,visit,kind,touchpoint,criterion,passed\na,v1,mystery,A,c1,1\n",
}


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("dealers.csv", None, ["dealers.csv is missing"]),
        ("responses.csv", None, ["responses.csv is missing"]),
        ("dealers.csv", "", ["dealers.csv is empty"]),
        ("dealers.csv", "dealer_id\n", ["dealers.csv", "no dealer"]),
        ("dealers.csv", "code\na\n", ["dealers.csv", "dealer_id", "found: code"]),
        ("dealers.csv", "dealer_id\na\na\n", ["dealers.csv, line 3, column dealer_id", "more than once"]),
        ("dealers.csv", "dealer_id,dealer_id\na,b\n", ["line 1", "dealer_id appears twice"]),
        ("dealers.csv", "dealer_id,\na,b\n", ["line 1", "column 2 has no name"]),
        ("dealers.csv", "dealer_id,eligible\na,many\nb,\n", ["line 2, column eligible", "'many' is not a number"]),
        ("dealers.csv", "dealer_id,eligible\na,-1\nb,\n", ["line 2, column eligible", "outside"]),
        ("dealers.csv", b"dealer_id\n\xff\xff\xff\n", ["dealers.csv", "neither UTF-8 nor GB18030"]),
        ("dealers.csv", b"dealer_id\na\x00b\n", ["dealers.csv", "neither"]),
        ("responses.csv", "response_id,dealer_id\n1,a\n", ["responses.csv", "no rated item", "q_<touchpoint>"]),
        ("responses.csv", "response_id,q_A\n1,5\n", ["responses.csv", "dealer_id"]),
        ("responses.csv", "response_id,dealer_id,q_A\n1,a,5\n1,b,4\n", ["line 3, column response_id"]),
        ("responses.csv", "response_id,dealer_id,q_A\n1,x,5\n", ["line 2, column dealer_id", "'x'"]),
        ("responses.csv", "response_id,dealer_id,q_A\n1,a,5\n2,a,NaN\n", ["line 3, column q_A", "'NaN'"]),
        ("responses.csv", "response_id,dealer_id,q_A\n1,a,very good\n", ["column q_A", "'very good'"]),
        ("responses.csv", "response_id,dealer_id,q_A\n1,a,9\n", ["line 2, column q_A", "from 1 to 5"]),
        ("responses.csv", "response_id,dealer_id,q_A\n1,a,4,7\n", ["line 2", "4 cells", "3 columns"]),
        ("responses.csv", 'response_id,dealer_id,q_A\n1,"a,4\n', ["responses.csv", "quotation marks"]),
        ("responses.csv", "response_id,dealer_id,event_at,q_A\n1,a,5/3/26,4\n", ["column event_at", "ISO 8601"]),
        ("audits.csv", "dealer_id,visit\na,v\n", ["audits.csv", "kind", "missing"]),
        ("audits.csv", GOOD["audits.csv"] + "a,v1,mystery,A,c1,0\n", ["audits.csv, line 3", "twice"]),
        ("audits.csv", GOOD["audits.csv"] + "a,v2,hidden,A,c1,0\n", ["line 3, column kind", "mystery, announced"]),
        ("audits.csv", GOOD["audits.csv"] + "a,v2,mystery,A,c1,yes\n", ["line 3, column passed", "'yes'"]),
        ("scales.csv", "column,min,max\nq_X,1,5\n", ["scales.csv", "q_X"]),
        ("scales.csv", "column,min,max\nq_A,5,1\n", ["scales.csv, line 2", "5 to 1"]),
        ("scales.csv", "column\nq_A\n", ["scales.csv", "min is missing"]),
        ("audits.jsonl", "{", ["both there"]),
    ],
)
def test_hostile_folders(tmp_path, file, content, words):
    for name, text in {**GOOD, file: content}.items():
        if isinstance(text, bytes):
            (tmp_path / name).write_bytes(text)
        elif text is not None:
            (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(FolderRefusedError) as refusal:
        read_folder(tmp_path)
    for word in words:
        assert word in str(refusal.value)


@pytest.mark.parametrize("line", ["{", "[1]", '{"dealer_id": {"a": 1}}', "NaN"])
def test_hostile_jsonl(tmp_path, line):
    (tmp_path / "dealers.jsonl").write_text('{"dealer_id": "a"}\n' + line + "\n", encoding="utf-8")
    (tmp_path / "responses.csv").write_text(GOOD["responses.csv"], encoding="utf-8")
    with pytest.raises(FolderRefusedError, match=r"dealers\.jsonl, line 2"):
        read_folder(tmp_path)


def test_good_folder_is_good(tmp_path):
    for name, text in GOOD.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert len(read_folder(tmp_path).responses) == 2


def test_the_command_says_it_in_one_line(tmp_path):
    result = CliRunner().invoke(screen_files, [str(tmp_path / "nowhere"), "--out", str(tmp_path / "out")])
    assert result.exit_code == 1
    assert "is not a folder" in result.output
    assert "Traceback" not in result.output
    result = CliRunner().invoke(screen_files, [str(tmp_path), "--scale", "ten", "--out", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert "1:10" in result.output


def test_cells_cannot_become_formulas(tmp_path):
    for name, text in GOOD.items():
        (tmp_path / name).write_text(text.replace("a,", "=1+1,").replace(",a,", ",=1+1,"), encoding="utf-8")
    write_screening(tmp_path / "out", screen(read_folder(tmp_path), QUICK))
    assert "\n'=1+1," in (tmp_path / "out" / "screening.csv").read_text(encoding="utf-8")
