"""paramiko as a process of its own, which says on stdout how far it is: a word a line, the last one `done`."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import paramiko

from sftp_drop import client

PIECE = 32768


def main() -> None:
    """Does the steps of the plan in order: `put`, `resume`, `rename`."""
    plan = json.loads(sys.argv[1])
    body, name = Path(plan["file"]).read_bytes(), plan["name"]
    with client.connect("127.0.0.1", plan["port"], plan["user"], Path(plan["key"]), plan["host_line"]) as sftp:
        for step in plan["steps"]:
            if step == "rename":
                say("rename")
                sftp.rename(f"/inbound/{name}.part", f"/inbound/{name}")
            else:
                put(sftp, body, f"/inbound/{plan['sent_as']}", step == "resume", plan["pause_s"])
    say("done")


def put(sftp: paramiko.SFTPClient, body: bytes, path: str, resume: bool, pause_s: float) -> None:
    """All of a file, or what is missing of it. Waits for the answer to CLOSE, which paramiko's own `close` swallows.

    pause_s: between the last byte and CLOSE, when all is there and nothing is promised yet.
    """
    say("put")
    with sftp.open(path, "ab" if resume else "wb") as file:
        start = (file.stat().st_size or 0) if resume else 0
        file.set_pipelined(True)
        for at in range(start, len(body), PIECE):
            file.write(body[at : at + PIECE])
        file.flush()
        file.stat()  # answered behind every write
        say("written")
        time.sleep(pause_s)
        say("close")
        sftp._request(paramiko.sftp.CMD_CLOSE, file.handle)
        file._closed = True


def say(word: str) -> None:
    """One line that is read at once."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
