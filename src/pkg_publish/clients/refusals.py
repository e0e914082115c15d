"""Tables of refusals: what an answer that is no success means, and what to do about it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pkg_publish.clients.network import Origin, bare
from pkg_publish.errors import PublishError, Refused, Unavailable
from pkg_publish.formats.reason import reason

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from pkg_publish.clients.request import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One row. The words choose class and sentence, never more: whether the chain goes on is decided by the state of the target."""

    statuses: Container[int]
    words: str = ""
    """A regular expression, searched in what the server said, in any case of letters; empty: whatever it said."""
    raises: type[PublishError]
    code: str
    cause: str
    """A clause: what the answer means. `{url}`, `{host}` and the facts of the client are filled in, here and below."""
    cure: str
    paste: str = ""


TEMPORARY = (
    Refusal(
        statuses={429},
        raises=Unavailable,
        code="rate-limited",
        cause="it is asked too often",
        cure="Wait some minutes, then run again: what is there already stays.",
    ),
    Refusal(
        statuses={408, 425, 499},
        raises=Unavailable,
        code="server-error",
        cause="it waited too long for the request, or wants it later",
        cure="Wait until it is well again, then run again: what is there already stays.",
    ),
    Refusal(
        statuses=range(500, 600),
        raises=Unavailable,
        code="server-error",
        cause="the server has a problem of its own",
        cure="Wait until it is well again, then run again: what is there already stays.",
    ),
)
"""What every table ends with, before what nobody expects."""

UNEXPECTED = Refusal(
    statuses=range(1000),
    raises=Refused,
    code="unexpected-answer",
    cause="which is no answer to that question",
    cure="Check the address {url}, and that what answers there is what you mean.",
)


def refused(table: Iterable[Refusal], answer: Answer, doing: str, **facts: str) -> PublishError:
    """Return what the first row that fits makes of an answer; the last row of all is `UNEXPECTED`."""
    said = reason(answer.status, answer.reason, answer.content_type, answer.text)
    row = next(row for row in (*table, UNEXPECTED) if answer.status in row.statuses and re.search(row.words, said, re.IGNORECASE))
    host = str(Origin.of(answer.url))
    fill = {"url": bare(answer.url), "host": host} | facts
    return row.raises(
        f"{doing} failed: {host} answered {answer.status}, {row.cause.format_map(fill)}",
        code=row.code,
        cure=row.cure.format_map(fill),
        paste=row.paste.format_map(fill),
        said=said,
        details=[f"asked {answer.tries} times"] if answer.tries > 1 else [],
        reached=answer.may_have_arrived,
    )
