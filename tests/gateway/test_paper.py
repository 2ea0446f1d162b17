"""Laws of documents on paper."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gateway import paper

CHECKOUT = Path(__file__).parent.parent.parent
REQUEST: dict[str, object] = {
    "number": "FR-0001",
    "usage": "T",
    "employer": "Bluebonnet Tool & Die",
    "plan": "PPO 2026",
    "run": "RUN-1",
    "run_date": "2026-04-10",
    "first": "2026-04-06",
    "last": "2026-04-06",
    "issued": "2026-04-06",
    "due": "2026-04-09",
    "claims": 9,
    "payments": 2,
    "lines": [
        {"label": "Claims approved", "cents": 2793606, "total": False},
        {"label": "Balance available", "cents": -1500000, "total": False},
        {"label": "Amount due", "cents": 1765606, "total": True},
    ],
    "amount_due_cents": 1765606,
    "deposit": {"bank": "First Bank", "holder": "", "routing": "111000025", "account": "5550001"},
    "contact": {"name": "Funding <desk>", "number": "5125550111"},
    "unpaid": [{"number": "FR-0000", "issued": "2026-03-30", "age_days": 7, "cents": 1200, "step": "escalation"}],
}
NOTICE: dict[str, object] = {
    "number": "N-0003",
    "title": "Specific deductible reached",
    "usage": "T",
    "carrier": "Lone Star Re",
    "employer": "Bluebonnet Tool & Die",
    "issued": "2026-04-06",
    "policy_no": "SL-778",
    "paid_ytd_cents": 2700000,
    "specific_percent": "270.0",
    "laser": None,
    "cobra": False,
    "diagnoses": ["C34.11", "Z51.11"],
    "member": {"member_id": "M02", "birth": "1982-09-05"},
    "claims": [{"icn": "26096000005", "paid_cents": 900000}, {"icn": "26096000008", "paid_cents": 1800000}],
}


@pytest.fixture
def text(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every text drawn while a document is made, in order, as a reader would find it."""
    from reportlab.pdfgen import textobject
    from reportlab.pdfgen.canvas import Canvas

    drawn: list[str] = []

    def listen(owner: type, name: str, place: int) -> None:
        real = getattr(owner, name)

        def heard(*args: object, **named: object) -> object:
            drawn.append(str(args[place]))
            return real(*args, **named)

        monkeypatch.setattr(owner, name, heard)

    listen(textobject.PDFTextObject, "_textOut", 1)
    listen(Canvas, "drawString", 3)
    return drawn


def test_a_request_says_the_amount_and_where_it_goes(text: list[str]) -> None:
    """The page shows the amount, each line that leads to it, the account, and the day it is due."""
    assert paper.funding_request(REQUEST).startswith(b"%PDF")
    said = " ".join(text)
    for words in ("$17,656.06", "$27,936.06", "-$15,000.00", "April 9, 2026", "111000025", "5550001", "escalation"):
        assert words in said
    assert "Bluebonnet Tool & Die" in said
    assert "Funding < desk >" in said


def test_a_notice_shows_every_fact_it_is_given(text: list[str]) -> None:
    """Each key becomes a row, a section or a table in its own unit; what is empty is left out."""
    paper.stop_loss_notice(NOTICE)
    said = " ".join(text)
    for words in ("Policy number", "SL-778", "Paid year to date", "$27,000.00", "270.0%", "C34.11, Z51.11", "M02"):
        assert words in said
    for words in ("September 5, 1982", "26096000005", "$9,000.00", "$18,000.00", "Lone Star Re", "no"):
        assert words in said
    assert "Laser" not in said


@pytest.mark.parametrize("usage", ["T", "P"])
def test_test_documents_say_test(text: list[str], usage: str) -> None:
    """A document of a test installation says TEST twice a page, one of production never does."""
    paper.funding_request({**REQUEST, "usage": usage})
    paper.stop_loss_notice({**NOTICE, "usage": usage})
    assert any("TEST" in words for words in text) is (usage == "T")


def test_a_document_without_usage_is_a_test() -> None:
    """Only usage P makes a production page: forgetting it never does."""
    without = {key: value for key, value in REQUEST.items() if key != "usage"}
    assert paper.funding_request(without) == paper.funding_request(REQUEST)


def test_the_same_data_gives_the_same_bytes() -> None:
    """No clock and no random id gets into a document."""
    assert paper.funding_request(REQUEST) == paper.funding_request(dict(REQUEST))
    assert paper.stop_loss_notice(NOTICE) == paper.stop_loss_notice(dict(NOTICE))


def test_a_long_table_runs_over_pages() -> None:
    """Two hundred claims take several pages."""
    claims = [{"icn": f"26096{n:06d}", "paid_cents": n} for n in range(200)]
    assert paper.stop_loss_notice({**NOTICE, "claims": claims}).count(b"/Type /Page\n") > 3


def test_the_drawing_library_is_loaded_at_the_first_document() -> None:
    """Importing the room does not import reportlab: start-up is imports."""
    program = "import sys, gateway.paper; sys.exit('reportlab' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=CHECKOUT, check=False).returncode == 0
