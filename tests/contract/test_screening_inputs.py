"""What a screening reads from the database: first answers, the wave's frame, the staff, on the dealer's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from audit_api.domain.directory import OPERATOR
from audit_api.intake.screening_files import read_folder
from audit_api.intake.screening_folder import write_folder
from audit_api.models.base import collection
from audit_api.operations import surveys
from audit_api.operations.screening_frozen import freeze_inputs, frozen_inputs, own_store
from audit_api.operations.screening_inputs import collect_inputs
from audit_api.problems import Problem
from tests.conftest import NOW
from tests.contract.test_surveys import HASHER, HEADER, SSQ, written
from tests.journeys.networks import WAVE, make_network

AT = datetime(2026, 3, 1, 1, 30, tzinfo=UTC)


@pytest.fixture
def network(app):
    made = make_network(NOW, dealers=6)
    send([written(n, 1 + n % 5) for n in range(20)])
    return made


def send(rows, at=NOW):
    report = surveys.import_responses(
        enumerate(rows, 2), columns=HEADER, questionnaire=SSQ, hasher=HASHER, actor=OPERATOR, at=at
    )
    assert report.refused == 0, report.errors


def collected():
    return collect_inputs(collection("waves").find_one({"_id": WAVE}), "SSQ")


def event(number, **changed):
    row = {
        "event_id": f"E{number}", "dealer": "D0001", "brand": "B1", "kind": "delivery", "event_at": AT, "job_type": "",
        "contact_hash": f"c{number}", "supplied": True, "valid": None, "invited": False, "opted_out": None,
        "complaint": True, "comeback": False, "wait_days": None,
    } | changed  # fmt: skip
    return row | {"_id": f"{row['dealer']}:{row['kind']}:{row['event_id']}"}


def test_the_first_answer_counts(network):
    """A later answer under the same id, or a later wave's, changes no figure."""
    before = collected().content_hash()
    send([written(n, 5 - n % 5) for n in range(20)], NOW + timedelta(days=1))
    assert collection("responses").count_documents({"versions.0": {"$exists": True}}) > 0
    assert collected().content_hash() == before


def test_the_frame_of_the_wave(network):
    collection("survey_events").insert_many(
        [
            event(1, wait_days=1.5), event(2, wait_days=30, invited=None), event(3, dealer="D0002", complaint=None),
            event(4, wait_days=2), event(5, wait_days=2.5), event(6, kind="repair_order"), event(7, brand="B2"),
            event(8, event_at=datetime(2026, 6, 30, 16, tzinfo=UTC)), event(9, event_at=AT - timedelta(days=90)),
        ]
    )  # fmt: skip
    frame = collected().events
    codes = collected().dealers.code[frame.dealer]
    assert list(zip(codes, frame.event_id, strict=True)) == [
        ("D0001", "E1"), ("D0001", "E2"), ("D0001", "E4"), ("D0001", "E5"), ("D0002", "E3")
    ]  # fmt: skip
    assert set(frame.event_at.astype(str)) == {"2026-03-01T09:30:00"}  # Shanghai
    np.testing.assert_array_equal(frame.supplied, [1, 1, 1, 1, 1])
    np.testing.assert_array_equal(frame.invited, [0, np.nan, 0, 0, 0])
    np.testing.assert_array_equal(frame.complaint, [1, 1, 1, 1, np.nan])
    np.testing.assert_array_equal(frame.valid, [np.nan] * 5)
    np.testing.assert_array_equal(frame.long_wait, [0, 1, 0, 0, np.nan])  # 30 days, of 1.5, 2, 2.5 and 30


def test_the_staff_of_the_brand(network):
    collection("staff_contacts").insert_many(
        {"_id": f"{dealer}:{name}", "dealer": dealer, "brand": brand, "contact_hash": name, "contact_key_id": "k"}
        for dealer, brand, name in (("D0002", "B1", "h2"), ("D0001", "B1", "h9"), ("D0001", "B2", "h1"))
    )
    inputs = collected()
    assert list(zip(inputs.dealers.code[inputs.staff.dealer], inputs.staff.contact_hash, strict=True)) == [
        ("D0001", "h9"), ("D0002", "h2")
    ]  # fmt: skip


def test_what_is_frozen_or_exported_is_what_was_read(network, tmp_path):
    collection("survey_events").insert_many([event(1, wait_days=3), event(2)])
    collection("staff_contacts").insert_one(
        {"dealer": "D0001", "brand": "B1", "contact_hash": "h", "contact_key_id": "k"}
    )
    inputs = collected()
    kept = freeze_inputs(inputs, own_store())
    assert freeze_inputs(inputs, own_store()) == kept
    run = {"frozen": kept, "run": {"inputs_sha256": inputs.content_hash()}}
    again = frozen_inputs(run, own_store())
    assert (again.columns, again.fact_touchpoints) == (inputs.columns, inputs.fact_touchpoints)
    for table in ("dealers", "responses", "audits", "events", "staff"):
        for name in getattr(inputs, table).__slots__:
            one, other = (getattr(getattr(read, table), name) for read in (inputs, again))
            assert one.dtype == other.dtype
            np.testing.assert_array_equal(one, other)
    write_folder(tmp_path, inputs)
    assert read_folder(tmp_path).content_hash() == inputs.content_hash()
    with pytest.raises(Problem) as refused:
        frozen_inputs(run | {"run": {"inputs_sha256": "0" * 64}}, own_store())
    assert "hash to" in refused.value.en
    with pytest.raises(Problem):
        frozen_inputs({"run": run["run"]}, own_store())


def test_a_dealer_nobody_knows_is_said(network):
    collection("responses").update_one({}, {"$set": {"dealer": "D9999"}})
    with pytest.raises(Problem) as refused:
        collected()
    assert "D9999" in refused.value.en
