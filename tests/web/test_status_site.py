"""The site: who may look, what every answer carries, and that the reactor thread never touches the database."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import event
from status_world import SECRET, add, fill
from treq.testing import StubTreq
from twisted.internet.defer import Deferred, fail, succeed

from gateway.flow import holds
from gateway.store.engine import Store
from gateway.web.app import Reads, site
from gateway.web.records import Status

TOKEN = "s3cret-token"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
PROTECTED = ("/", "/api/v1/status", "/metrics")


def in_a_thread(function: Callable[..., Any], *args: Any) -> Deferred[Any]:
    """run_blocking for tests: calls in another thread and waits for it."""
    result: list[Deferred[Any]] = []

    def run() -> None:
        try:
            result.append(succeed(function(*args)))
        except Exception as error:
            result.append(fail(error))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return result[0]


class Browser:
    """Asks the site in memory; what comes back is complete at once."""

    def __init__(self, store: Store, run_blocking: Callable[..., Any] = in_a_thread) -> None:
        self._treq: Any = StubTreq(site(store, run_blocking, TOKEN).resource)

    def ask(self, path: str, method: str = "get", **more: Any) -> Any:
        """The response to one request."""
        asked = getattr(self._treq, method)(f"http://localhost{path}", allow_redirects=False, **more)
        got: list[Any] = []
        asked.addBoth(got.append)
        self._treq.flush()
        return got[0]

    def body(self, response: Any) -> str:
        """Its text."""
        got: list[str] = []
        response.text().addCallback(got.append)
        self._treq.flush()
        return got[0]

    def read(self, path: str, **more: Any) -> str:
        """The text of what is allowed."""
        response = self.ask(path, headers=BEARER, **more)
        assert response.code == 200
        return self.body(response)


sqlite_only = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


def cookie_of(response: Any) -> tuple[str, str]:
    """(header's value to send back, attributes)."""
    (line,) = response.headers.getRawHeaders("Set-Cookie")
    value, _, attributes = line.partition(";")
    return value, attributes


@sqlite_only
def test_open_pages_need_no_token(store: Store) -> None:
    """Life and readiness, the style, the script and the icon are open; they say nothing of the data."""
    browser = Browser(store)
    for path in ("/healthz", "/readyz", "/static/page.css", "/static/page.js", "/static/icon.svg"):
        assert browser.ask(path).code == 200


WRONG = ("Bearer wrong", f"Basic {TOKEN}", TOKEN, "Bearer ", f"Bearer {TOKEN}x", "Bearer \xff")


@sqlite_only
@pytest.mark.parametrize("path", PROTECTED)
@pytest.mark.parametrize(
    "headers", [{}, *({"Authorization": value} for value in WRONG), {"Cookie": f"gateway={TOKEN}"}]
)
def test_protected_pages_need_the_token(store: Store, path: str, headers: dict[str, str]) -> None:
    """Without exactly the token every protected page is closed, and the database is not asked."""

    def never(*_: Any) -> Any:
        pytest.fail("the database was asked")

    assert Browser(store, never).ask(path, headers=headers).code == 401


@sqlite_only
@pytest.mark.parametrize("path", PROTECTED)
def test_the_header_opens(store: Store, path: str) -> None:
    """`Authorization: Bearer` and the token open every protected page."""
    assert Browser(store).ask(path, headers=BEARER).code == 200


@sqlite_only
def test_token_in_the_address_becomes_a_cookie(store: Store) -> None:
    """The token in the address is taken once: a cookie that scripts and other sites cannot use, and a clean address."""
    browser = Browser(store)
    came = browser.ask(f"/?token={TOKEN}")
    value, attributes = cookie_of(came)
    assert (came.code, came.headers.getRawHeaders("Location")) == (303, ["/"])
    assert "HttpOnly" in attributes and "SameSite=strict" in attributes
    assert TOKEN not in value
    assert browser.ask("/", headers={"Cookie": value}).code == 200
    assert browser.ask("/", headers={"Cookie": value[:-1]}).code == 401


@sqlite_only
@pytest.mark.parametrize(
    "address", ["/?token=wrong", "/?token=", f"/?token={TOKEN}&token=x", f"/metrics?token={TOKEN}"]
)
def test_wrong_token_in_the_address(store: Store, address: str) -> None:
    """A wrong, empty or doubled token, or one in another page's address, opens nothing and sets no cookie."""
    response = Browser(store).ask(address)
    assert response.code == 401
    assert not response.headers.hasHeader("Set-Cookie")


@sqlite_only
@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/static/page.css", "/static/x", "/nowhere", "/metrics"])
def test_every_answer_is_guarded(store: Store, path: str) -> None:
    """Every answer, also a refusal, forbids inline scripts, framing, sniffing and keeping, and names no software."""
    headers = Browser(store).ask(path).headers
    (policy,) = headers.getRawHeaders("Content-Security-Policy")
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert headers.getRawHeaders("X-Content-Type-Options") == ["nosniff"]
    assert headers.getRawHeaders("Cache-Control") == ["no-store"]
    assert headers.getRawHeaders("Server") == ["gateway"]


@sqlite_only
@pytest.mark.parametrize(
    ("path", "method", "code"), [("/nowhere", "get", 404), ("/static/../app.py", "get", 404), ("/", "post", 405)]
)
def test_nothing_else_is_served(store: Store, path: str, method: str, code: int) -> None:
    """Other addresses and other methods are refused."""
    assert Browser(store).ask(path, method, headers=BEARER).code == code


def test_reads_stay_off_the_reactor_thread(store: Store) -> None:
    """No statement runs in the thread that answers."""
    threads: set[int] = set()
    event.listen(store.engine, "before_cursor_execute", lambda *_: threads.add(threading.get_ident()))
    browser = Browser(store)
    for path in (*PROTECTED, "/readyz"):
        browser.read(path)
    assert threads and threading.get_ident() not in threads


@sqlite_only
def test_many_viewers_share_a_read(store: Store) -> None:
    """Who asks while a read runs, or right after it, gets the same answer: the database is asked once."""
    asked: list[Deferred[Any]] = []

    def slowly(function: Callable[..., Any], *args: Any) -> Deferred[Any]:
        asked.append(Deferred())
        return asked[-1].addCallback(lambda _: in_a_thread(function, *args))

    treq: Any = StubTreq(site(store, slowly, TOKEN).resource)
    answers: list[Any] = []
    for _ in range(5):
        treq.get("http://localhost/api/v1/status", headers=BEARER).addCallback(answers.append)
    treq.flush()
    assert (len(asked), answers) == (1, [])
    asked[0].callback(None)
    treq.flush()
    assert [answer.code for answer in answers] == [200] * 5
    treq.get("http://localhost/api/v1/status", headers=BEARER).addCallback(answers.append)
    treq.flush()
    assert (len(asked), len(answers)) == (1, 6)


@sqlite_only
def test_a_viewer_that_leaves_harms_nobody(store: Store) -> None:
    """Who goes away before the answer comes takes nothing from those who wait for the same read."""
    asked: list[Deferred[Any]] = []

    def slowly(function: Callable[..., Any], *args: Any) -> Deferred[Any]:
        asked.append(Deferred())
        return asked[-1].addCallback(lambda _: function(*args))

    reads, answers = Reads(store, slowly), list[Status]()
    leaving, staying = reads.status(), reads.status()
    leaving.addErrback(lambda _: None)
    staying.addCallback(answers.append)
    leaving.cancel()
    asked[0].callback(None)
    assert [one.usage for one in answers] == ["T"]


def test_json(store: Store) -> None:
    """The API's JSON decodes, strictly, to the record that the page is made of."""
    with store.write("fill") as connection:
        fill(connection)
    text = Browser(store).read("/api/v1/status")
    found = msgspec.json.decode(text, type=Status, strict=True)
    assert found.usage == "T" and found.queue.parked == 1
    assert set(msgspec.json.decode(text)) == set(Status.__struct_fields__)


def test_page(store: Store) -> None:
    """The page says test or production, the business date, first what needs a person; nothing of people or partners."""
    with store.write("fill") as connection:
        fill(connection)
    page = Browser(store).read("/")
    assert "TEST" in page and "2026-01-05" in page and "Pended claims" in page
    assert page.index("Needs a person") < page.index(">Files<") < page.index(">Claims<") < page.index(">Stop-loss<")
    assert SECRET not in page
    assert "<style" not in page and "style=" not in page and page.count("<script") == page.count("<script src=") == 1


@sqlite_only
def test_page_escapes(store: Store) -> None:
    """Markup in a hold's reason or an employer's id is shown as text."""
    attack = "<img src=x onerror=alert(1)>\"'"
    with store.write("attack") as connection:
        add(
            connection,
            "hold",
            id="h",
            kind="file",
            sponsor_id=attack,
            subject=f"receipt {attack}",
            reason=attack,
            state="open",
        )
        add(connection, "claim", sponsor_id="A", icn="1", state=attack)
    page = Browser(store).read("/")
    assert "<img src=x" not in page
    assert page.count("&lt;img src=x onerror=alert(1)&gt;") == 5


@sqlite_only
def test_trouble_is_told_without_words(store: Store) -> None:
    """When the database does not answer, pages say 503 and nothing of why; life goes on."""

    def broken(*_: Any) -> Deferred[Any]:
        return fail(RuntimeError(f"row of {SECRET}"))

    browser = Browser(store, broken)
    for path in (*PROTECTED, "/readyz"):
        response = browser.ask(path, headers=BEARER)
        assert (response.code, browser.body(response)) == (503, "not available\n")
    assert browser.ask("/healthz").code == 200


def test_every_hold_says_what_it_asks() -> None:
    """Every kind of hold that a step opens has a short name and a sentence, and there is no other."""
    flow = Path(holds.__file__).parent
    sources = "".join(path.read_text() for path in flow.rglob("*.py"))
    opened = re.findall(r'holds\.open_\(\s*connection, [\w.]+, "([a-z-]+)"', sources)
    assert set(opened) == set(holds.KINDS)
