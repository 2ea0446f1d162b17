"""`python -m tests.parsers.fuzz --seconds 60`: bad files as long as you like, chosen by what they reach in the code.

Needs the extra `[fuzz]` (atheris). Each input is a list of harms to a golden file (`damage`) or bytes as they are; it
is read in pieces, under limits that little data reaches. Stops with the input at the first exception, at one that takes
longer than a second, at events out of order, or when the process has grown by 64 MB.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # its neighbours are imported by name, as pytest does

import atheris

with atheris.instrument_imports(include=["parsers"]):
    from damage import harmed, in_order
    from x12_material import GOLDEN_NAMES, golden

    from parsers import guides
    from parsers.envelope import Charset, EnvelopePolicy
    from parsers.limits import Limits
    from parsers.reader import Reader
    from parsers.snip import Snip, Weight

GROWTH_KIB = 64 * 1024
WARM = 2_000  # inputs after which every guide and expression is loaded
SLOW_S = 1.0
CHARSETS: tuple[Charset, ...] = ("ascii", "latin-1", "utf-8")
WEIGHTS: tuple[Weight, ...] = ("error", "warning", "off")
LIMITS = (Limits(), Limits(segment_bytes=200, unit_segments=10, findings_per_set=5, groups_per_interchange=2))


class Fuzz:
    """Counts inputs and watches time and memory."""

    def __init__(self, seconds: float) -> None:
        self.until = time.monotonic() + seconds
        self.count = self.warm_kib = 0

    def one(self, data: bytes) -> None:
        """One input."""
        if time.monotonic() > self.until:
            sys.stdout.write(f"{self.count} files read, none of them failed\n")
            sys.stdout.flush()
            raise KeyboardInterrupt
        begun = time.process_time()
        read(atheris.FuzzedDataProvider(data))
        if time.process_time() - begun > SLOW_S:
            raise AssertionError("a file took more than a second")
        self.count += 1
        size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        if self.count == WARM:
            self.warm_kib = size
        if self.count > WARM and size - self.warm_kib > GROWTH_KIB:
            raise AssertionError("the process grows")


def read(given: atheris.FuzzedDataProvider) -> None:
    """Makes a file of the input and reads it."""
    snip = Snip(snip1=given.PickValueInList(list(WEIGHTS)), snip2=given.PickValueInList(list(WEIGHTS)))
    policy = EnvelopePolicy(charset=given.PickValueInList(list(CHARSETS)), snip=snip)
    reader, size = Reader(guides.load, policy, given.PickValueInList(list(LIMITS))), given.ConsumeIntInRange(1, 5_000)
    if given.ConsumeBool():
        base = golden(given.PickValueInList(list(GOLDEN_NAMES)))
        place = 5_000
        harms = [
            tuple(given.ConsumeIntInRange(0, most) for most in (255, place, place, 255))
            for _ in range(given.ConsumeIntInRange(0, 6))
        ]
        data = harmed(base, harms)  # type: ignore[arg-type]
    else:
        data = given.ConsumeBytes(given.remaining_bytes())
    events = [event for at in range(0, len(data), size) for event in reader.feed(data[at : at + size])]
    assert in_order([*events, *reader.close()])


def main() -> None:
    """Reads the arguments and runs until the time is over."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    asked = parser.parse_args()
    fuzz = Fuzz(asked.seconds)
    atheris.Setup(
        [sys.argv[0], f"-max_total_time={int(asked.seconds) + 5}", "-max_len=4096", "-len_control=0"], fuzz.one
    )
    try:
        atheris.Fuzz()
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
