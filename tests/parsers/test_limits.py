"""Limits are settings: every one stands in the sample with its default, and none is misspelt in silence."""

from __future__ import annotations

import msgspec
import pytest

from gateway import settings
from gateway.settings import shipped
from parsers.limits import Limits, LimitUnknown, limits_of


def test_the_sample_says_every_limit_with_its_default() -> None:
    """A person who reads gateway.toml sees all that bounds a file, and nothing that does not exist."""
    said = settings.load(shipped() / "gateway.toml").limits
    assert said == msgspec.structs.asdict(Limits())
    assert limits_of(said) == Limits()


def test_what_is_not_said_is_the_default() -> None:
    """One limit may be changed alone."""
    assert limits_of({"ta1_held": 7}) == Limits(ta1_held=7)
    assert limits_of({}) == Limits()


@pytest.mark.parametrize("said", [{"segment_byte": 1}, {"ta1_held": 0}, {"value_chars": 100}, {"header_bytes": 100}])
def test_a_limit_that_cannot_be_is_a_sentence_for_the_operator(said: dict[str, int]) -> None:
    """A misspelt name or a value that would stop all reading is refused when the process starts."""
    with pytest.raises(LimitUnknown):
        limits_of(said)
