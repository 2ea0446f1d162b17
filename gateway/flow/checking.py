"""The live settings as a desk: what `gateway check` goes by when an installation is named."""

from __future__ import annotations

from gateway.check.reading import Desk
from gateway.flow.context import Context
from gateway.flow.intake import ANYBODYS, GROUPS, READERS
from gateway.flow.parties import Parties
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
            return Desk(policy=EnvelopePolicy(aliases=context.aliases), terms=Terms(today=today, codes=context.codes()),
                        guides=context.guide)  # fmt: skip
        partner, ours = parties.partner(partner_id), parties.administrator
    said = partner.validation
    terms = Terms(today=today, snip=said.inbound, codes=context.codes(), rules=said.rules)
    policy = EnvelopePolicy(
        senders=frozenset({(partner.qualifier, partner.isa_id)}),
        receivers=frozenset({(ours.qualifier, ours.isa_id)}), usage=context.usage,
        groups=frozenset({ANYBODYS, *(GROUPS[role] for role in partner.roles if role in GROUPS)}),
        aliases=context.aliases, charset=said.charset,
    )  # fmt: skip
    return Desk(policy=policy, terms=terms, guides=lambda gs08: context.guide(gs08) if gs08 in READERS else None)
