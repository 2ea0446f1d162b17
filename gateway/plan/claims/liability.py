"""Edits of other liability: what somebody else has to pay first, or altogether, and who may be paid at all."""

from __future__ import annotations

from datetime import date

from gateway.plan.claims import coordination
from gateway.plan.claims.benefits import pointed
from gateway.plan.claims.look import Denial, Look, Verdict
from gateway.plan.claims.primacy import of_claim, on_file, sentence
from gateway.plan.records import AccidentAnswer, Pend
from mappings.records import OtherInsurance

ENCOUNTER = "RP"
"""BHT06 of a set that reports services for the record."""


def encounter(seen: Look) -> Verdict:
    """Edit: an encounter (BHT06 RP) reports a service and is not paid (domain 3.1)."""
    if seen.claim.batch_kind != ENCOUNTER:
        return None
    return Denial(rule="encounter", group="CO", reason="24", text="The service is reported, not billed.")


def demand(seen: Look) -> Verdict:
    """Edit: another plan that asks its money back (2010AC) is answered by a person."""
    if seen.claim.pay_to_plan is None or "SUB" in seen.case.cleared:
        return None
    return Pend(queue="SUB", reason="A plan claims a subrogation.", needed="A decision on the demand.")


def assignment(seen: Look) -> Verdict:
    """Edit: without an assignment of benefits (CLM08 N) the member is paid and not the provider (domain 3.2)."""
    if seen.claim.benefits_assigned != "N" or "ASG" in seen.case.cleared:
        return None
    reason = "The member has not assigned the benefits to the provider."
    return Pend(queue="ASG", reason=reason, needed="The assignment; else the member is paid outside the gateway.")


def accident(seen: Look) -> Verdict:
    """Edit: an injury needs the member's answers; work pays its own, and so does a third party's carrier."""
    causes = set(seen.claim.accident)
    injury = any(each.startswith(seen.plan.accident_diagnoses) for each in pointed(seen.claim, seen.line))
    if not causes and not injury:
        return None
    answer = _answer_on(seen.case.accidents, seen.member.person_id, seen.line.first)
    if answer is not None and answer.work:
        return Denial(rule="other liability", group="PR", reason="19", text="The injury is work-related.")
    if answer is not None and answer.third_party:
        reason = "21" if "AA" in causes else "20"
        return Denial(rule="other liability", group="PR", reason=reason, text="Another party's carrier is liable.")
    if "ACC" in seen.case.cleared or (answer is not None and None not in (answer.work, answer.third_party)):
        return None
    return Pend(queue="ACC", reason="The services look like an accident.", needed="The member's accident answers.")


def _answer_on(answers: tuple[AccidentAnswer, ...], person_id: str, on: date) -> AccidentAnswer | None:
    for answer in answers:
        inside = (answer.first is None or answer.first <= on) and (answer.last is None or on <= answer.last)
        if answer.person_id == person_id and inside:
            return answer
    return None


def other_payer(seen: Look) -> Verdict:
    """Edit: where another plan pays first its payment is told, and the claim bills in the order the rules give."""
    if "COB" in seen.case.cleared:
        return None
    if coordination.is_secondary(seen.claim):
        if not seen.prior:
            return _not_told(seen, "Another plan pays first and its payment is not told.")
        return _wrong_order(seen)
    known = on_file(seen)
    told = [each for each in known if not each.ours_first]
    if told:
        return _not_told(seen, f"{sentence(told[0])}; its payment is not told.")
    if not seen.member.other:
        return None
    settled = {each.other.name for each in known}  # what a rule decided, no statement of COB01 undoes
    stated = [each for each in _in_force(seen) if each.responsibility == "P" and each.payer_name not in settled]
    return _not_told(seen, "Another plan pays first and its payment is not told.") if stated else None


def _not_told(seen: Look, text: str) -> Denial | Pend:
    if seen.plan.cob_missing == "pend":
        return Pend(queue="COB", reason=text, needed="The primary payer's payment information.")
    provision = seen.plan.provision("cob_missing")
    return Denial(rule="other liability", group="OA", reason="22", text=text, remarks=("MA04",), provision=provision)


def _wrong_order(seen: Look) -> Pend | None:
    """A claim that bills us after a payer which by what is on file pays after us (SBR01 against the order of plans)."""
    place = coordination.ORDER.find(seen.claim.responsibility)
    for other in seen.claim.other:
        found = of_claim(seen, other) if coordination.ORDER.find(other.responsibility) < place else None
        if found is not None and found.ours_first:
            return _disagrees(sentence(found))
    stated = {each.responsibility for each in _in_force(seen)}
    if stated and stated <= AFTER_US and not seen.case.other_plans:
        return _disagrees("Enrolment says that the other plan pays after this one")
    return None


AFTER_US = {"S", "T"}
"""COB01 of plans that pay second and third while ours pays first."""


def _disagrees(why: str) -> Pend:
    reason = f"The claim bills this plan after another payer. {why}."
    return Pend(queue="COB", reason=reason, needed="The family's answer on who pays first; or a release as billed.")


def _in_force(seen: Look) -> list[OtherInsurance]:
    """Other insurance the 834 told of, in force on the day, but for plans that do not coordinate (COB03 6)."""
    coordinating = (each for each in seen.member.other if each.coordination != "6")
    return [each for each in coordinating if _holds(each, seen.line.first)]


def _holds(other: OtherInsurance, on: date) -> bool:
    return (other.first is None or other.first <= on) and (other.last is None or on <= other.last)
