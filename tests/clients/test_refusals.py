"""What a refusal means."""

from __future__ import annotations

from pkg_publish.clients.refusals import TEMPORARY, Refusal, refused
from pkg_publish.clients.request import Answer
from pkg_publish.errors import Conflict, Invalid, Refused, Unavailable

TABLE = (
    Refusal(statuses={400}, words="taken", raises=Conflict, code="file-exists", cause="it is {what}", cure="Ask {host}.", paste="url: {url}"),
    Refusal(statuses={400, 401}, raises=Invalid, code="bad", cause="it is bad", cure="Mend it."),
    *TEMPORARY,
)


def said(status: int, body: bytes = b"", tries: int = 1) -> Answer:
    """An answer."""
    return Answer(
        url="https://example.org:8443/up?signature=let-me-in", status=status, reason="", headers={"Content-Type": "text/plain"}, body=body, tries=tries
    )


def test_the_first_row_that_fits_speaks() -> None:
    """With the facts filled in, the address without what may be a signature, and the server's words beside ours."""
    problem = refused(TABLE, said(400, b"TAKEN by {url}"), "sending it", what="gone")

    assert isinstance(problem, Conflict)
    assert problem.what == "sending it failed: example.org:8443 answered 400, it is gone"
    assert (problem.cure, problem.paste, problem.said) == ("Ask example.org:8443.", "url: https://example.org:8443/up", "TAKEN by {url}")
    assert (problem.code, problem.details, problem.reached) == ("file-exists", (), False)


def test_a_row_without_words_takes_any() -> None:
    """Below one that has some."""
    assert isinstance(refused(TABLE, said(400, b"no"), "sending it"), Invalid)
    assert isinstance(refused(TABLE, said(401), "sending it"), Invalid)


def test_what_is_temporary_is_unavailable() -> None:
    """After all tries; with a 5xx a write may have arrived."""
    many, broken = refused(TABLE, said(429, tries=5), "sending it"), refused(TABLE, said(507), "sending it")

    assert [(type(each), each.code, each.reached) for each in (many, broken)] == [(Unavailable, "rate-limited", False), (Unavailable, "server-error", True)]
    assert many.details == ("asked 5 times",)


def test_a_server_that_waited_too_long_is_no_refusal() -> None:
    """It may be asked again, as one with 5xx; nothing was done."""
    problems = [refused(TABLE, said(status), "sending it") for status in (408, 425, 499)]

    assert [(type(each), each.code, each.reached) for each in problems] == [(Unavailable, "server-error", False)] * 3


def test_what_nobody_expects_is_refused() -> None:
    """A table needs no last row."""
    assert [type(refused((), said(status), "sending it")) for status in (100, 302, 418, 451, 999)] == [Refused] * 5
