"""The live settings as a desk: what `gateway check` goes by when an installation is named."""

from __future__ import annotations

from gateway.check.reading import Desk
from gateway.flow.context import Context
from gateway.flow.parties import Administrator, Parties, Partner
from gateway.store import installation
from parsers.edits import Terms
from parsers.envelope import EnvelopePolicy


def desk_of(context: Context, partner_id: str | None) -> Desk:
    """By what a partner's files are checked today; without a partner any sender's, by the installation's code sets.

    Raises ConfigError when the partner or the administrator is not on file.
    """
    with context.store.read() as connection:
        today = installation.business_date(connection)
        parties = Parties(connection, today)
        if partner_id is None:
            return Desk(terms=Terms(today=today), guides=context.guide)
        partner, ours = parties.partner(partner_id), parties.administrator
    terms = Terms(today=today, snip=partner.validation.inbound)
    return Desk(policy=policy_of(ours, partner, context.usage), terms=terms, guides=context.guide)


def policy_of(ours: Administrator, partner: Partner, usage: str) -> EnvelopePolicy:
    """Who may send what to whom here."""
    return EnvelopePolicy(
        senders=frozenset({(partner.qualifier, partner.isa_id)}),
        receivers=frozenset({(ours.qualifier, ours.isa_id)}), usage=usage,
    )  # fmt: skip
