"""Words a list and a page share."""

from __future__ import annotations

VERDICTS = {"A": "accepted", "E": "accepted with errors", "P": "accepted in part", "R": "rejected"}
"""TA104, AK901 and IK501."""

SNIP_NAMES = {
    0: "envelope", 1: "integrity", 2: "requirement", 3: "balancing", 4: "situation", 5: "code sets", 6: "product",
    7: "partner's rules",
}  # fmt: skip
"""SNIP types (domain 1.5); 0 is what comes before them."""

SEVERITIES = ("error", "warning", "note")
"""Worst first."""
