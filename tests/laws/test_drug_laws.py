"""Laws of a family's drug and medical claims in one stream, whatever their order."""

from __future__ import annotations

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.plan.claims import accumulators, adjudication, benefits
from gateway.plan.claims.benefits import Limit, Plan
from gateway.plan.claims.case import Case
from gateway.plan.records import Decision, FeeRow, ProviderRow
from mappings import drugs
from mappings.drugs import DrugRow, Layout, Manager
from mappings.records import Claim, Procedure, Provider, ServiceLine
from tests.laws.claim_parts import person_of

FIRST, TODAY = date(2026, 1, 1), date(2026, 4, 6)
FAMILY = [person_of(n, "FAM", FIRST) for n in range(3)]
CLINIC = Provider(npi="1234567893", tin="741234567")
ON_FILE = {
    "providers": (ProviderRow(npi=CLINIC.npi, tin=CLINIC.tin, name="CLINIC", networks=("NET",), first=FIRST),),
    "fees": (FeeRow(npi=CLINIC.npi, code="99213", allowed_cents=400_00, first=FIRST),),
}
WORDS = ("number", "action", "group", "member", "filled", "ndc", "paid", "patient")
MANAGER = Manager(
    npi="1888887779", tin="743338888",
    claims=Layout(separator=",", detail="D", trailer="T", totals={"claims": "2", "paid": "3"},
                  fields={word: str(n) for n, word in enumerate(WORDS, 2)}),
)  # fmt: skip


def plan_of(shared: tuple[str, ...]) -> Plan:
    """An embedded family plan of 1,000.00 and 2,000.00, 3,000.00 and 6,000.00 out of pocket, 20 %."""
    tier = benefits.Tier(deductible=Limit(individual_cents=1_000_00, family_cents=2_000_00), coinsurance=2_000,
                         out_of_pocket=Limit(individual_cents=3_000_00, family_cents=6_000_00))  # fmt: skip
    return Plan(id="X", version="1", plan_ids=("X",), first=FIRST, networks=("NET",), in_network=tier,
                drugs_count_to=shared)  # type: ignore[arg-type]  # fmt: skip


def medical(who: int, day: int) -> Claim:
    """A visit that costs 400.00."""
    on, person = date(2026, 2, day), FAMILY[who].person
    line = ServiceLine(number=1, procedure=Procedure(code="99213"), charge_cents=500_00, pos="11", first=on, last=on)
    return Claim(pcn=f"V{day}", charge_cents=500_00, pos="11", billing=CLINIC, subscriber=person, patient=person,
                 lines=(line,))  # fmt: skip


def drug(who: int, number: int, deductible: int, copay: int) -> Claim:
    """A prescription of which the plan pays 50.00."""
    row = DrugRow(number=f"R{number}", group="G", member="F", filled=date(2026, 2, 1), ndc="00093101042",
                  paid_cents=50_00, patient_cents=deductible + copay, deductible_cents=deductible,
                  copay_cents=copay)  # fmt: skip
    return drugs.claim(row, MANAGER, "rx", "Rx")


EVENTS = st.lists(
    st.tuples(st.booleans(), st.integers(0, 2), st.integers(0, 1_200_00), st.integers(0, 90_00)), max_size=12
)
SHARED = st.sets(st.sampled_from(("deductible", "out_of_pocket", "maximum"))).map(lambda some: tuple(sorted(some)))


@settings(max_examples=60)
@given(events=EVENTS, shared=SHARED, data=st.data())
def test_a_family_in_one_stream(
    events: list[tuple[bool, int, int, int]], shared: tuple[str, ...], data: st.DataObject
) -> None:
    """Medical claims never take more than drugs and others before them left; what is shared limits them and what is not
    does not; and drug claims taken back in any order leave exactly what the others used."""
    plan = plan_of(shared)
    apart = replace(plan, drugs_count_to=())
    totals: dict[accumulators.Key, int] = {}
    others: dict[accumulators.Key, int] = {}
    taken: list[Decision] = []
    for number, (is_drug, who, deductible, copay) in enumerate(events):
        sent = drug(who, number, deductible, copay) if is_drug else medical(who, number + 1)
        made = Case(icn=f"{number}", claim=sent, received=TODAY, member=FAMILY[who], plans=(plan,), totals=totals,
                    **ON_FILE)  # type: ignore[arg-type]  # fmt: skip
        found = adjudication.adjudicate(made, TODAY)
        assert found.outcome == "paid"
        if not is_drug:
            room = accumulators.room(totals, plan, "in", FAMILY[who].person_id, 2026, False)
            shares = {each.kind: each.cents for each in found.entries}
            assert shares.get("deductible", 0) == min(400_00, room.deductible_left, room.oop_left)
            assert shares.get("oop", 0) <= room.oop_left
            if not shared:
                alone = adjudication.adjudicate(replace(made, totals=others, plans=(apart,)), TODAY)
                assert found.entries == alone.entries
            others = accumulators.apply(others, found.entries)
        else:
            taken.append(found)
        totals = accumulators.apply(totals, found.entries)
    for each in data.draw(st.permutations(taken)):
        totals = accumulators.apply(totals, adjudication.reverse(each, 2).entries)
    assert totals == others
