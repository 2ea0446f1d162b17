"""A throw-away installation with real worker processes, as a daemon has them."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import select

from gateway import settings as settings_module
from gateway.bench.figures import DAY
from gateway.flow import beginning, loading, opening, partner_keys, uploads
from gateway.flow.context import Context
from gateway.settings import shipped
from gateway.store.schema import work

LOADED = (
    "administrator.toml", "partners/sample.toml", "plans/bluebonnet-ppo.toml", "policies/bluebonnet.toml",
    "providers/sample.toml", "fees/sample.csv", "sponsors/sample.toml",
)  # fmt: skip

LOOK_S = 0.05
"""How often the bench looks whether the workers are done."""

LEAVE_S = 30
"""How long a worker may take to leave."""

Workers = list[subprocess.Popen[bytes]]


class Installation:
    """folder: where it lies. context: the installation as the bench looks at it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        ports = {"sftp.port": "0", "http.port": "0"}
        self.config = beginning.begin(folder / "state", "T", first_business_date=DAY.isoformat(), **ports)
        settings = settings_module.load(self.config)
        opening.create(settings, DAY)
        self.context: Context = opening.open_context(settings)
        loading.load(self.context, [shipped() / name for name in LOADED], "bench")

    def put(self, partner: str, pieces: Iterable[bytes]) -> None:
        """What the door does with an upload, without the network."""
        context = self.context
        row, sealing = uploads.receiving(context, partner, f"{partner}.x12")
        for piece in pieces:
            sealing.add(piece)
        sealing.end()
        uploads.close(context, row, sealing.size, sealing.sha256)

    @contextmanager
    def workers(self, count: int) -> Iterator[Workers]:
        """Worker processes that have started, as a daemon has them when a file comes."""
        said = self.folder / "workers.log"
        with said.open("wb") as log:
            children = [
                subprocess.Popen(
                    [sys.executable, "-m", "gateway.flow.process", str(self.config), f"bench:{n}"],
                    stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=log,
                )
                for n in range(count)
            ]  # fmt: skip
        try:
            while said.read_bytes().count(b"worker started") < count:
                _require_alive(children)
                time.sleep(LOOK_S)
            yield children
        finally:
            for child in children:
                assert child.stdin is not None
                child.stdin.close()
                child.wait(LEAVE_S)

    def until_done(self, children: Workers, *kinds: str) -> float:
        """Seconds until no step of these kinds is left."""
        begun = time.monotonic()
        while self._left(kinds):
            _require_alive(children)
            time.sleep(LOOK_S)
        return time.monotonic() - begun

    def _left(self, kinds: tuple[str, ...]) -> bool:
        with self.context.store.read() as connection:
            return connection.execute(select(work.c.id).where(work.c.kind.in_(kinds)).limit(1)).first() is not None

    def partner_key(self, partner: str) -> Path:
        """A new key that a partner may log in with."""
        path = self.folder / f"{partner}-key"
        line = beginning.key_pair(path)
        with self.context.store.write("load") as connection:
            partner_keys.add(connection, self.context.now_us, partner, line, "bench")
        return path


@contextmanager
def installation() -> Iterator[Installation]:
    """An installation on SQLite, gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        made = Installation(Path(folder))
        try:
            yield made
        finally:
            made.context.store.close()


def _require_alive(children: Workers) -> None:
    if any(child.poll() is not None for child in children):
        raise AssertionError("a worker left")
