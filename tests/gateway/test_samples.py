"""The sample settings: a person who reads them sees every setting there is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, get_args

import msgspec
import pytest

from gateway.flow.parties import Administrator, Partner, Sponsor
from gateway.plan.records import ProviderRow
from gateway.plan.stoploss import Policy
from gateway.settings import shipped
from mappings.records import Address, BankAccount, Contact

SAMPLES = {
    "administrator.toml": Administrator, "partners/sample.toml": Partner, "providers/sample.toml": ProviderRow,
    "sponsors/sample.toml": Sponsor, "policies/bluebonnet.toml": Policy,
}  # fmt: skip
NOUNS = (Address, BankAccount, Contact)
"""Records of X12's own vocabulary: their fields are the guide's, not settings of ours."""


def settings(record: type[msgspec.Struct]) -> Iterator[str]:
    """Every setting of a record, those of the records inside it too."""
    for field in msgspec.structs.fields(record):
        yield field.encode_name
        for inner in _records(field.type):
            yield from settings(inner)


def _records(kind: Any) -> Iterator[type[msgspec.Struct]]:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        if kind not in NOUNS:
            yield kind
        return
    for each in get_args(kind):
        yield from _records(each)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_shows_every_setting(name: str) -> None:
    """Each field of the record stands in its sample, set or as a comment with its default, and so do its dates."""
    text = (shipped() / name).read_text()
    wanted = {"first", "last", *settings(SAMPLES[name])}
    shown = {one for one in wanted if re.search(rf"\b{one} = |\[(\w+\.)*{one}\]", text)}
    assert wanted - shown == set()
