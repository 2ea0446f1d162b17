"""Laws of the prices of one line: the dated row, line or unit, the lesser of price and charge, whose excess it is."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from msgspec.structs import asdict, replace
from plan_cases import BIANCA, HILLCREST, LAKELINE, METRO, OPENED, PLAN, PROVIDERS, bill, case, service
from priced import OUTSIDER, agreed, charged, one, outcomes, price_of, row

from gateway.plan.claims import adjudication
from gateway.plan.claims.benefits import Benefit, NetworkTier
from gateway.plan.claims.look import Denial
from gateway.plan.claims.pricing.fees import amount
from gateway.plan.claims.pricing.lines import QPA_REMARKS
from gateway.plan.records import FeeRow, Pend
from mappings.records import Address, Provider, Repricing

PHYSICIANS = '[[terms]]\nname = "physicians"\nmethod = "schedule"\nschedule = "S"\n'
NOBODY = (OUTSIDER,)


@pytest.mark.parametrize(("on", "cents"), [(date(2026, 3, 31), 1170000), (date(2026, 4, 1), 1180000)])
def test_the_row_of_the_date_of_service_prices(on: date, cents: int) -> None:
    """200 units cost 58.50 each until March and 59.00 each from April."""
    assert price_of(service(1, "J9271", 16000, on, 200)).allowed_cents == cents


def test_no_row_no_price_and_what_to_load_is_said() -> None:
    """A code or a date without a row waits in PRC, and the sentence names provider, code and day to load."""
    for line in (service(1, "99999", 100, OPENED), service(1, "J9271", 100, date(2025, 12, 31))):
        found = one(line)
        assert isinstance(found, Pend) and found.queue == "PRC"
        for word in (METRO.npi, line.procedure.code, line.first.isoformat()):
            assert word in found.needed


def test_lesser_of() -> None:
    """A charge below the price is allowed as charged, unless plan or contract pay the price all the same."""
    line = service(1, "96413", 100, OPENED)
    assert price_of(line).allowed_cents == 10000
    assert price_of(line, replace(PLAN, lesser_of=False)).allowed_cents == 30000
    assert price_of(line, contracts=(agreed('lesser_of = "never"'),)).allowed_cents == 30000


def test_a_line_without_charge_needs_no_price() -> None:
    """A charge of 0.00 is legal and allowed as 0.00."""
    assert price_of(service(1, "99999", 0, OPENED)).allowed_cents == 0


def test_the_row_of_the_modifier_comes_first() -> None:
    """A row for a modifier of the line (26, the reading alone) is taken before the plain one; without it the plain."""
    plain = FeeRow(npi=METRO.npi, code="71046", allowed_cents=10000, first=OPENED)
    reading = replace(plain, modifier="26", allowed_cents=4000)
    for rows in ((plain, reading), (reading, plain)):
        assert price_of(charged(1, "71046", 20000, "26"), fees=rows).allowed_cents == 4000
        assert price_of(charged(1, "71046", 20000), fees=rows).allowed_cents == 10000


@pytest.mark.parametrize(
    ("zip_", "state", "cents"), [("787051234", "TX", 300), ("750010000", "TX", 200), ("900010000", "CA", 100)]
)
def test_the_nearest_locality_prices(zip_: str, state: str, cents: int) -> None:
    """A row for the ZIP beginning comes before one for the state, and that before one for anywhere."""
    rows = (row("1", 100), row("1", 200, locality="TX"), row("1", 300, locality="787"))
    where = Provider(npi=METRO.npi, tin=METRO.tin, address=Address(zip=zip_, state=state))
    claim = bill("X", BIANCA, where, "C3411", charged(1, "1", 900))
    (found,) = outcomes(claim, contracts=(agreed(PHYSICIANS),), fees=rows).values()
    assert getattr(found, "allowed_cents", found) == cents
    facility = replace(claim, billing=METRO, facility=Provider(npi="9", address=where.address))
    assert outcomes(facility, contracts=(agreed(PHYSICIANS),), fees=rows)[1] == found


def test_thousandths_of_a_unit_count() -> None:
    """Units are decimals: 0.333 of 10.01 is 3.33 (3.33333 half-up)."""
    unit = FeeRow(npi="1", code="1", allowed_cents=1001, per="unit", first=OPENED)
    assert amount(unit, Decimal("0.333")) == 333
    assert amount(unit, Decimal("0.5")) == 501


# ---- terms of a contract ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "units", "cents", "said"),
    [
        ('method = "percent_of_charge"\npercent = 62.5', "1", 20834, "62.5% of the charge"),  # of 333.34: 208.3375
        ('method = "per_diem"\namount = 100.10', "2", 20020, "100.10 a day for 2 days"),
        ('method = "flat"\namount = 150', "7", 15000, "flat"),
        ('method = "schedule"\nschedule = "S"', "1", 12345, "fee S 11111 123.45"),
        ('method = "schedule"\nschedule = "S"\npercent = 110', "1", 13580, "110%"),  # 135.795 half-up
    ],
)
def test_a_term_prices_by_its_method(method: str, units: str, cents: int, said: str) -> None:
    """Each method of a term comes to the amount worked by hand, and its sentence names contract and term."""
    line = charged(1, "11111", 33334 if "62.5" in method else 33333, units=units)
    found = price_of(line, contracts=(agreed(f'[[terms]]\nname = "office"\n{method}'),), fees=(row("11111", 12345),))
    assert (found.allowed_cents, found.group) == (cents, "CO")
    assert said in found.source and ("contract v1" in found.source or "schedule" in method)


def test_the_first_term_that_fits_decides() -> None:
    """A term for codes, revenue codes, kinds or parties passes over what it is not for."""
    text = """
[[terms]]
name = "hospitals"
kinds = ["I"]
method = "flat"
amount = 1
[[terms]]
name = "another clinic"
tins = ["999999999"]
method = "flat"
amount = 2
[[terms]]
name = "scans"
codes = ["70450-70498"]
method = "flat"
amount = 3
[[terms]]
name = "everything"
method = "flat"
amount = 4
"""
    found = [price_of(charged(1, code, 10000), contracts=(agreed(text),)).allowed_cents for code in ("70460", "11111")]
    assert found == [300, 400]


def test_the_providers_own_price_comes_before_the_contracts() -> None:
    """An agreement with one provider stands before the network's terms."""
    contracts = (agreed('[[terms]]\nname = "all"\nmethod = "flat"\namount = 1'),)
    assert price_of(service(1, "96413", 500, OPENED), contracts=contracts).allowed_cents == 30000


def test_the_contract_of_the_date_of_service_prices() -> None:
    """A new version of a contract prices from its first day on, the old one before."""
    old = agreed('last = 2026-03-31\n[[terms]]\nname = "all"\nmethod = "flat"\namount = 1')
    new = replace(agreed('[[terms]]\nname = "all"\nmethod = "flat"\namount = 2'), first=date(2026, 4, 1), version="2")
    for on, cents in ((date(2026, 3, 31), 100), (date(2026, 4, 1), 200)):
        assert price_of(service(1, "11111", 50, on), contracts=(old, new)).allowed_cents == cents


def test_the_contract_of_the_networks_tier_prices() -> None:
    """A provider of a further network is priced by that network's contract and excess of the charge is CO's; one in two
    networks by that of the better tier."""
    wide = replace(agreed('[[terms]]\nname = "all"\nmethod = "flat"\namount = 70'), network="WIDE")
    plan = replace(PLAN, tier2=NetworkTier(networks=("WIDE",), **asdict(PLAN.in_network)))
    line = charged(1, "11111", 10000)
    found = price_of(line, plan, contracts=(wide,), providers=(replace(OUTSIDER, networks=("WIDE",)),))
    assert (found.allowed_cents, found.group) == (7000, "CO")
    near = agreed('[[terms]]\nname = "all"\nmethod = "flat"\namount = 60')
    both = (replace(OUTSIDER, networks=("WIDE", "SUMMIT")),)
    assert price_of(line, plan, contracts=(wide, near), providers=both).allowed_cents == 6000


def test_a_claim_of_lines_denied_and_paid_is_noted_once() -> None:
    """Where several procedures are priced again without a denied one, its denial and the notes stand once."""
    contracts = (agreed('[[multiple]]\ncodes = ["11111-33333"]\n' + PHYSICIANS),)
    fees = tuple(row(code, 10000) for code in ("11111", "22222", "33333"))
    lines = (charged(1, "11111", 90000), charged(2, "22222", 20000), charged(3, "33333", 20000))
    plan = replace(PLAN, benefits=(replace(PLAN.benefits[3], codes=("11111",)),))
    seen = case(bill("X", BIANCA, METRO, "C3411", *lines), BIANCA, plan=plan, contracts=contracts, fees=fees)
    decision = adjudication.adjudicate(seen, seen.received)
    assert [(line.number, line.denied, line.allowed_cents) for line in decision.lines] == [
        (1, True, None), (2, False, 10000), (3, False, 5000)
    ]  # fmt: skip
    assert sum(each.cents for each in decision.entries if each.kind == "paid") == decision.paid_cents


def test_an_alternate_is_priced_on_the_same_terms() -> None:
    """A filling at 60% of its row of 100.00 is covered as amalgam at 60% of 80.00: 48.00, 12.00 are the patient's."""
    contracts = (agreed('[[terms]]\nname = "dental"\nmethod = "schedule"\nschedule = "S"\npercent = 60'),)
    fees = (row("11111", 10000), row("22222", 8000))
    plan = replace(PLAN, benefits=(Benefit(name="fillings", alternates={"11111": "22222"}, preventive=True),))
    seen = case(bill("X", BIANCA, METRO, "C3411", charged(1, "11111", 9000)), BIANCA, plan=plan,
                contracts=contracts, fees=fees)  # fmt: skip
    (line,) = adjudication.adjudicate(seen, seen.received).lines
    assert (line.procedure.code, line.allowed_cents, line.paid_cents) == ("22222", 6000, 4800)
    assert ("PR", "169", 1200) in [(each.group, each.reason, each.cents) for each in line.adjustments]


def test_modifiers_change_a_listed_price() -> None:
    """Both sides 150%, by an assistant 16%: 100.01 is 150.02 (150.015), then 24.00 (24.0032)."""
    changes = '[[modifiers]]\nmodifier = "50"\npercent = 150\n[[modifiers]]\nmodifier = "80"\npercent = 16\n'
    contracts, fees = (agreed(changes + PHYSICIANS),), (row("11111", 10001),)
    assert price_of(charged(1, "11111", 99999, "50"), contracts=contracts, fees=fees).allowed_cents == 15002
    found = price_of(charged(1, "11111", 99999, "50", "80"), contracts=contracts, fees=fees)
    assert found.allowed_cents == 2400 and "modifier 80 16%" in found.source
    part_ = agreed(changes + '[[terms]]\nname = "all"\nmethod = "percent_of_charge"\npercent = 50')
    assert price_of(charged(1, "11111", 1000, "50"), contracts=(part_,)).allowed_cents == 500


def test_a_row_for_a_modifier_is_not_changed_by_it_again() -> None:
    """A row priced for 50 already says what both sides cost."""
    contracts = (agreed('[[modifiers]]\nmodifier = "50"\npercent = 150\n' + PHYSICIANS),)
    fees = (row("11111", 10000), row("11111", 17000, modifier="50"))
    assert price_of(charged(1, "11111", 99999, "50"), contracts=contracts, fees=fees).allowed_cents == 17000


def test_more_units_than_agreed_are_denied() -> None:
    """CO-222 with N362 above the contract's units of a code, the price at them."""
    contracts = (agreed('[[unit_limits]]\ncodes = ["96413"]\nmost = 1'),)
    assert price_of(service(1, "96413", 500, OPENED, 1), contracts=contracts).allowed_cents == 30000
    found = one(service(1, "96413", 500, OPENED, 2), contracts=contracts)
    assert isinstance(found, Denial) and (found.group, found.reason, found.remarks) == ("CO", "222", ("N362",))


def test_services_carved_out_are_not_the_networks() -> None:
    """Carved out to another payer: OA-109. Carved out to nobody: the provider is out of network for them."""
    contracts = (agreed('[[carve_outs]]\ncodes = ["90832-90853"]\nsent_to = "MINDCARE"'),)
    found = one(charged(1, "90834", 10000), contracts=contracts)
    assert isinstance(found, Denial) and (found.group, found.reason) == ("OA", "109") and "MINDCARE" in found.text
    contracts = (agreed('[[carve_outs]]\ncodes = ["90834"]'),)
    outside = price_of(charged(1, "90834", 10000), LAKELINE, contracts=contracts)
    assert (outside.allowed_cents, outside.group) == (6000, "PR")


# ---- out of network, and the No Surprises Act ------------------------------------------------------------------------

EMERGENCY = replace(LAKELINE.benefits[2], name="emergency", codes=("99285",), emergency=False, as_in_network=True)
KEEPS = replace(LAKELINE, benefits=(EMERGENCY,))


def test_out_of_network_by_percent_of_charge() -> None:
    """Without a row out of network 60% of the charge prices, and the excess is the patient's unless held."""
    found = price_of(charged(1, "99999", 10000), KEEPS, providers=NOBODY)
    assert (found.allowed_cents, found.group, found.remarks) == (6000, "PR", ())
    held = price_of(charged(1, "99285", 10000), KEEPS, providers=NOBODY)
    assert (held.allowed_cents, held.group, held.remarks) == (6000, "CO", ())


def test_out_of_network_by_percent_of_a_schedule() -> None:
    """Where the plan names a reference schedule the percentage is of its row: 60% of 80.00 is 48.00, never above the
    charge; without a row a person is told to load one."""
    plan = replace(KEEPS, out_of_network_schedule="REFERENCE")
    fees = (row("11111", 8000, "REFERENCE"),)
    assert price_of(charged(1, "11111", 10000), plan, providers=NOBODY, fees=fees).allowed_cents == 4800
    assert price_of(charged(1, "11111", 4000), plan, providers=NOBODY, fees=fees).allowed_cents == 4000
    missing = one(charged(1, "22222", 4000), plan, providers=NOBODY, fees=fees)
    assert isinstance(missing, Pend) and "REFERENCE" in missing.needed


def test_an_emergency_is_priced_by_the_qualifying_payment_amount() -> None:
    """The member's in-network share is of the lesser of QPA and charge, the rest is CO-45, and remarks say so."""
    fees = (row("99285", 70000, "QPA"),)
    for charge, cents in ((90000, 70000), (50000, 50000)):
        found = price_of(charged(1, "99285", charge), KEEPS, providers=NOBODY, fees=fees)
        assert (found.allowed_cents, found.group, found.remarks) == (cents, "CO", QPA_REMARKS)
    hers = replace(KEEPS, plan_ids=PLAN.plan_ids)
    seen = case(bill("X", BIANCA, METRO, "C3411", charged(1, "99285", 90000)), BIANCA, plan=hers, providers=NOBODY,
                fees=fees)  # fmt: skip
    (line,) = adjudication.adjudicate(seen, seen.received).lines
    assert (line.allowed_cents, line.remarks) == (70000, QPA_REMARKS)


@pytest.mark.parametrize(
    ("code", "pos", "facility", "held"),
    [
        ("11111", "21", HILLCREST, True), ("11111", "22", HILLCREST, True), ("11111", "11", HILLCREST, False),
        ("11111", "21", Provider(npi="1999999984"), False), ("11111", "21", None, False), ("A0431", "42", None, True),
    ],
)  # fmt: skip
def test_what_the_no_surprises_act_protects(code: str, pos: str, facility: Provider | None, held: bool) -> None:
    """Out of network at a facility in network, and in the air, the QPA holds; elsewhere the plan's percentage does."""
    plan = replace(KEEPS, networks=("SUMMIT",))
    providers = (OUTSIDER, *(each for each in PROVIDERS if each.npi == HILLCREST.npi))
    fees = (row("11111", 70000, "QPA"), row("A0431", 70000, "QPA"))
    claim = bill("X", BIANCA, METRO, "C3411", charged(1, code, 100000), pos=pos, facility=facility)
    (found,) = outcomes(claim, plan, providers=providers, fees=fees).values()
    told = getattr(found, "allowed_cents", 0), getattr(found, "group", "")
    assert told == ((70000, "CO") if held else (60000, "PR"))


# ---- repriced --------------------------------------------------------------------------------------------------------


def test_a_trusted_repricer_sets_the_price() -> None:
    """The repriced amount (HCP02) of an organisation the plan names wins; a stranger's is ignored."""
    plan = replace(PLAN, repricers=("LAKENET",))
    for organisation, cents in (("LAKENET", 12300), ("STRANGER", 30000)):
        told = Repricing(method="02", allowed_cents=12300, organisation=organisation)
        assert price_of(charged(1, "96413", 50000, repricing=told), plan).allowed_cents == cents


def test_a_declined_repricing_waits_for_a_person() -> None:
    """HCP13 of a line or a claim pends in RPR; released, the other sources price."""
    plan = replace(PLAN, repricers=("LAKENET",))
    told = Repricing(method="00", organisation="LAKENET", reject_reason="T1")
    line = charged(1, "96413", 50000)
    for claim in (
        bill("X", BIANCA, METRO, "C3411", replace(line, repricing=told)),
        bill("X", BIANCA, METRO, "C3411", line, repricing=told),
    ):
        (found,) = outcomes(claim, plan).values()
        assert isinstance(found, Pend) and found.queue == "RPR" and "T1" in found.reason
        (found,) = outcomes(claim, plan, cleared=("RPR",)).values()
        assert getattr(found, "allowed_cents", 0) == 30000
