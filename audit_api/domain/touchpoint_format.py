"""Read the code book (``touchpoints.yaml``)."""

from __future__ import annotations

from audit_api.domain.source_fields import Fields, each
from audit_api.domain.source_text import Report, read_nodes
from audit_api.domain.touchpoints import SCHEMA, CodeBook, Expectation, Touchpoint


def parse_code_book(text: str, file: str = "touchpoints.yaml") -> CodeBook:
    """Read all touchpoints and expectations; raises FormatError holding every problem found."""
    report = Report(file)
    root = read_nodes(text, report)
    book = CodeBook((), ())
    if root is not None:
        fields = Fields(root, report)
        if not fields.broken:
            fields.choice("schema", (SCHEMA,))
            expectations = tuple(
                _expectation(inner) for inner in each(fields.listed("expectations", 500), report, "", "expectations")
            )
            known = {expectation.id for expectation in expectations}
            touchpoints = tuple(
                _touchpoint(inner, known)
                for inner in each(fields.listed("touchpoints", 500), report, "", "touchpoints")
            )
            book = CodeBook(touchpoints, expectations)
            for key, codes in (
                ("touchpoints", [touchpoint.code for touchpoint in touchpoints]),
                ("expectations", [expectation.id for expectation in expectations]),
            ):
                for code in sorted({code for code in codes if codes.count(code) > 1}):
                    fields.wrong(key, f"编号“{code}”重复", f"'{code}' is listed twice: keep one")
            fields.done()
    report.raise_if_any()
    return book


def _expectation(fields: Fields) -> Expectation:
    made = Expectation(
        fields.word("id", pattern=r"E\d\d", shape="E01"), fields.word("source", longest=40), fields.bilingual("text")
    )
    fields.done()
    return made


def _touchpoint(fields: Fields, known: set[str]) -> Touchpoint:
    made = Touchpoint(
        code=fields.word("code", pattern=r"(SAL|AFS|XCT)_[A-Z]{2,20}", shape="SAL_LEAD"),
        domain=fields.choice("domain", ("sales", "after_sales", "cross")),
        name=fields.bilingual("name", longest=200),
        definition=fields.bilingual("definition"),
        expectations=fields.words("expectations", 20, least=0),
        in_survey=fields.flag("in_survey"),
        reserved=fields.flag("reserved", required=False),
    )
    for code in made.expectations:
        if code not in known:
            fields.wrong("expectations", f"未列出期望“{code}”", f"expectation '{code}' is not listed below")
    fields.done()
    return made
