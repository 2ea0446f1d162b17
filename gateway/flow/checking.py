"""By what a partner's files are checked, the same for intake, for what we send, and for `gateway check` at a desk."""

from __future__ import annotations

from datetime import date
from functools import partial

from gateway.check.reading import Desk, Writing
from gateway.flow.context import Context
from gateway.flow.parties import Parties, Partner
from gateway.store import installation
from mappings import enrolment, implementation_ack, professional
from mappings.readers import READERS
from parsers.edits import Terms
from parsers.envelope import EnvelopePolicy
from parsers.events import Delimiters
from parsers.forms import FORMS
from parsers.guides import Guide
from parsers.snip import Snip

GROUPS = {"sponsor": FORMS[enrolment.GUIDE].gs01, "submitter": FORMS[professional.GUIDE].gs01}
"""A partner's role -> GS01 of what it may send us; other groups are answered as not supported (AK905 1, domain 1.3)."""

ANYBODYS = FORMS[implementation_ack.GUIDE].gs01
"""GS01 of what everybody we send to may answer."""


def groups_of(partner: Partner) -> frozenset[str]:
    """GS01 of what a partner may send us."""
    return frozenset({ANYBODYS, *(GROUPS[role] for role in partner.roles if role in GROUPS)})


def takes(gs08: str) -> bool:
    """Whether anything is made of a guide's sets; one whose sets nobody reads is as good as unknown (AK905 2)."""
    return gs08 in READERS or gs08 == implementation_ack.GUIDE


def guide_of(context: Context, gs08: str) -> Guide | None:
    """The guide of a received group."""
    return context.guide(gs08) if takes(gs08) else None


def policy_of(context: Context, parties: Parties, partner: Partner) -> EnvelopePolicy:
    """Who may send what to whom in a partner's files. Raises ConfigError when the administrator is not on file."""
    ours, said = parties.administrator, partner.validation
    return EnvelopePolicy(
        senders=frozenset({(partner.qualifier, partner.isa_id)}),
        receivers=frozenset({(ours.qualifier, ours.isa_id)}), usage=context.usage, groups=groups_of(partner),
        snip=said.inbound, charset=said.charset, aliases=context.aliases,
    )  # fmt: skip


def writing_of(partner: Partner) -> Writing:
    """How what we send a partner is written."""
    own = partner.delimiters or Delimiters()
    return Writing(delimiters=own, newline=partner.newline, charset=partner.validation.charset)


def terms_of(context: Context, partner: Partner, snip: Snip, today: date) -> Terms:
    """What files exchanged with a partner are edited by. snip: its weights of that direction."""
    return Terms(snip=snip, today=today, codes=context.codes(), rules=partner.validation.rules)


def desk_of(context: Context, partner_id: str | None) -> Desk:
    """By what a partner's files are checked today; without a partner any sender's, by the installation's code sets.

    Raises ConfigError when the partner or the administrator is not on file.
    """
    with context.store.read() as connection:
        today = installation.business_date(connection)
        parties = Parties(connection, today)
        if partner_id is None:
            return Desk(policy=EnvelopePolicy(aliases=context.aliases), terms=Terms(today=today, codes=context.codes()),
                        guides=context.guide, limits=context.limits)  # fmt: skip
        partner = parties.partner(partner_id)
        policy = policy_of(context, parties, partner)
    terms = terms_of(context, partner, partner.validation.inbound, today)
    guides = partial(guide_of, context)
    return Desk(policy=policy, terms=terms, guides=guides, limits=context.limits, writing=writing_of(partner))
