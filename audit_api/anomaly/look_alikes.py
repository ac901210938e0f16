"""Hold each honest look-alike of the gaming playbook against one dealer's data, one by one.

Each test is a plain comparison with a stated limit, not a proof: "fits" means that the innocent case would look
like this, "does not fit" that it would not, "cannot be tested" that no column tells. None of them enters a grade.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from audit_api.anomaly import look_alikes_audit as audit
from audit_api.anomaly import look_alikes_customers as customers
from audit_api.anomaly import look_alikes_identity as identity
from audit_api.anomaly.look_alike import Case, Tested
from audit_api.anomaly.surroundings import Surroundings

UNTESTED = (
    (
        Case("L12", "客户以评分要挟", "Customer blackmail", "经销商的报告", "The dealer's own report"),
        "数据中没有这一情况；请在询问时了解。",
        "No data tells; the dealer's answer to a question may.",
    ),
    (
        Case(
            "L16", "二网或异地交付", "Delivery by a second-tier outlet or in another city", "交付地址",
            "Delivery address",
        ),
        "没有交付地址；请与交付记录核对。",
        "There is no delivery address; compare with the delivery records.",
    ),
    (
        Case(
            "L17", "自店上牌、零公里二手车", "Self-registration, zero-kilometre used cars", "上牌记录",
            "Registrations",
        ),
        "没有上牌记录；属于销售合规问题，与满意度无关。",
        "There are no registrations; that belongs to sales compliance, not to the survey.",
    ),
    (
        Case("L18", "员工内购", "Staff purchase", "员工名录", "Staff directory"),
        "没有员工名录可供比对。",
        "There is no staff directory to compare with.",
    ),
)  # fmt: skip

TESTS: tuple[Callable[[Surroundings, int], Tested], ...] = (
    audit.excellent,
    customers.small_sample,
    customers.loyal_customers,
    customers.region,
    identity.fleet,
    identity.household,
    audit.bad_day,
    audit.strict_auditor,
    audit.improvement,
    customers.new_store,
    identity.batch_invitation,
    customers.ceiling,
    customers.stock_answers,
    customers.launch,
    identity.call_centre,
)


def look_alikes(around: Surroundings, d: int) -> list[dict[str, Any]]:
    """Test every look-alike on dealer number d, in the playbook's order; those no data can tell are named too."""
    found = [test(around, d) for test in TESTS] + [case.unknown(zh, en) for case, zh, en in UNTESTED]
    # The playbook's numbers first, then what it does not number.
    return [tested.as_document() for tested in sorted(found, key=lambda t: (not t.code.startswith("L"), t.code))]
