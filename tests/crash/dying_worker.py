"""The worker command of the crash tests: `python -m tests.crash.dying_worker DEATHS SETTINGS OWNER`.

It is gateway.flow.process with a store that dies as planned, and it looks for work more often.
"""

from __future__ import annotations

import sys
from pathlib import Path

from gateway import logs, settings
from gateway.flow import worker
from gateway.flow.opening import open_context
from tests.crash.dying import mortal

if __name__ == "__main__":
    logs.configure()
    worker.POLL_S = 0.02
    deaths, config, owner = sys.argv[1:]
    sys.exit(worker.main(mortal(open_context(settings.load(Path(config))), Path(deaths), owner), owner))
