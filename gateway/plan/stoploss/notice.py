"""Notices to the carrier: what one decision, added to a person's running total, must be told about.

The state is one number per person and the set of what was sent, so that a decision costs a comparison. A notice is
never deleted: when a total falls below a threshold that was told, an UPDATE says so, once.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import date
from typing import Literal

import msgspec

from gateway.plan.rounding import WHOLE, half_up
from gateway.plan.stoploss.policy import Kind as Covered
from gateway.plan.stoploss.policy import Policy, counts
from mappings.records import Record

Kind = Literal["TRIGDX", "SPEC50", "SPEC100", "UPDATE"]
Key = tuple[str, str, str]


class Fact(Record, frozen=True, kw_only=True):
    """What one decision (icn, version) means to the carrier. on: business date decided; paid_cents: negative to undo.

    incurred: first date of service. family_root: needed only when the deductible is per family.
    """

    person_id: str
    icn: str
    version: int
    incurred: date
    paid_cents: int
    diagnoses: tuple[str, ...] = ()
    on: date
    family_root: str = ""
    kind: Covered = "medical"

    @property
    def paid_on(self) -> date:
        """The day it counts by: a notice looks at what is approved, before its money has left."""
        return self.on


class Notice(Record, frozen=True, kw_only=True):
    """One notice to be sent; its key is (subject, kind, group), once per policy.

    TRIGDX: a diagnosis on the carrier's list; group names the list's entry, codes the diagnoses. SPEC50: the first
    threshold (whatever percent the policy says). SPEC100: the deductible is reached. UPDATE: the total fell below the
    threshold of the notice named in `of`. total_cents: plan-paid so far, this decision included.
    """

    kind: Kind
    subject: str
    group: str = ""
    person_id: str
    icn: str
    version: int
    on: date
    total_cents: int
    threshold_cents: int = 0
    deductible_cents: int = 0
    codes: tuple[str, ...] = ()
    of: str = ""

    @property
    def key(self) -> Key:
        """What makes it the same notice."""
        return self.subject, self.kind, self.group

    @property
    def percent(self) -> int:
        """The total in hundredths of a percent of the deductible; 0 without one."""
        return half_up(self.total_cents * WHOLE, self.deductible_cents) if self.deductible_cents else 0

    @property
    def excess_cents(self) -> int:
        """What may become a reimbursement claim."""
        return max(0, self.total_cents - self.deductible_cents) if self.deductible_cents else 0


def subject(policy: Policy, person_id: str, family_root: str) -> str:
    """Whose claims are summed up: the person, or the family under a per-family deductible."""
    return family_root if policy.per == "family" else person_id


def eligible_cents(policy: Policy, fact: Fact) -> int:
    """What a decision adds to the running total: its plan-paid amount if it lies in both windows of the policy."""
    return fact.paid_cents if counts(policy, fact.incurred, fact.on) else 0


def netted(facts: Sequence[Fact]) -> Fact:
    """The facts of one event and subject as one: a replacement takes back and pays at once.

    It is named by the last fact that was decided (if all only take back, by the last); a diagnosis that is taken back
    is no news.
    """
    decided = [fact for fact in facts if fact.paid_cents >= 0]
    return msgspec.structs.replace(
        (decided or facts)[-1],
        paid_cents=sum(fact.paid_cents for fact in facts),
        diagnoses=tuple(dict.fromkeys(code for fact in decided for code in fact.diagnoses)),
    )


def notices(policy: Policy, before_cents: int, fact: Fact, already: Set[Key]) -> tuple[Notice, ...]:
    """What one event must be told about, in the order TRIGDX, SPEC50, SPEC100, UPDATE.

    before_cents: sum of the subject's earlier facts that count under the policy. fact: `netted`. already: keys of the
    policy's notices so far (those of the subject are enough). Crossing both thresholds at once gives both notices.
    """
    if not counts(policy, fact.incurred, fact.on):
        return ()
    found = [*_triggers(policy, before_cents, fact), *_thresholds(policy, before_cents, fact, already)]
    return tuple(each for each in found if each.key not in already)


def _triggers(policy: Policy, before_cents: int, fact: Fact) -> list[Notice]:
    matched = ((trigger.group, trigger.match(fact.diagnoses)) for trigger in policy.triggers)
    return [_notice(policy, before_cents, fact, "TRIGDX", group, codes=codes) for group, codes in matched if codes]


def _thresholds(policy: Policy, before_cents: int, fact: Fact, already: Set[Key]) -> list[Notice]:
    deductible = policy.deductible_cents(fact.person_id)
    if deductible is None:
        return []
    after_cents = before_cents + fact.paid_cents
    found: list[Notice] = []
    first = -(-deductible * policy.notice // WHOLE)
    who = subject(policy, fact.person_id, fact.family_root)
    kinds: tuple[tuple[Kind, int], ...] = (("SPEC50", first), ("SPEC100", deductible))
    for kind, threshold in kinds:
        told = sum(key[:2] == (who, kind) for key in already)
        taken_back = sum(key[:2] == (who, "UPDATE") and key[2].startswith(f"{kind} ") for key in already)
        if after_cents >= threshold and (not told or (policy.resend and told == taken_back)):
            found.append(_notice(policy, before_cents, fact, kind, _again(fact) if told else "", threshold))
        elif told > taken_back and after_cents < threshold <= before_cents:
            found.append(_notice(policy, before_cents, fact, "UPDATE", f"{kind} {_again(fact)}", threshold, of=kind))
    return sorted(found, key=lambda each: each.kind == "UPDATE")


def _again(fact: Fact) -> str:
    return f"{fact.icn}/{fact.version}"


def _notice(
    policy: Policy,
    before_cents: int,
    fact: Fact,
    kind: Kind,
    group: str,
    threshold_cents: int = 0,
    *,
    codes: tuple[str, ...] = (),
    of: str = "",
) -> Notice:
    return Notice(
        kind=kind,
        subject=subject(policy, fact.person_id, fact.family_root),
        group=group,
        person_id=fact.person_id,
        icn=fact.icn,
        version=fact.version,
        on=fact.on,
        total_cents=before_cents + fact.paid_cents,
        threshold_cents=threshold_cents,
        deductible_cents=policy.deductible_cents(fact.person_id) or 0,
        codes=codes,
        of=of,
    )
