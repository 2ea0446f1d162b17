"""Documents on paper: PDF bytes from plain data, the same data giving the same bytes.

The drawing library is slow to import and only wanted when something is printed: it is loaded at the first document.
"""

from __future__ import annotations

from collections.abc import Mapping


def funding_request(document: Mapping[str, object]) -> bytes:
    """A funding request, one page, from `gateway.plan.funding_request.document`."""
    from gateway.paper import pages

    return pages.funding_request(document)


def stop_loss_notice(document: Mapping[str, object]) -> bytes:
    """A notice to the stop-loss carrier. It names a person: send it to the carrier only.

    `number`, `title`, `usage`, `carrier`, `employer`, `issued` make the head; every other key becomes a row in the
    order given. Keys say their units: `_cents` is printed as money, `_percent` as a percentage; a mapping becomes a
    section, a list of mappings a table.
    """
    from gateway.paper import pages

    return pages.stop_loss_notice(document)


def letter(document: Mapping[str, object]) -> bytes:
    """A letter about a claim, laid out as a notice is. It names a person: send it to whom it is written only."""
    from gateway.paper import pages

    return pages.stop_loss_notice(document)


def companion_guide(document: Mapping[str, object]) -> bytes:
    """A partner's companion guide, from `gateway.companion.blocks.Document` as plain data."""
    from gateway.paper import guide

    return guide.companion_guide(document)
