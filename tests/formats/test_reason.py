"""A server's own words, whatever they are wrapped in."""

from __future__ import annotations

import json

import pytest

from pkg_publish.formats.reason import LONGEST, reason

PYPISERVER = """
    <!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">
    <html><head><title>Error: 409 Conflict</title><style type="text/css">html {background-color: #eee;}</style></head>
      <body><h1>Error: 409 Conflict</h1>
        <p>Sorry, the requested URL <tt>&#039;http://127.0.0.1/&#039;</tt> caused an error:</p>
        <pre>WORDS</pre></body></html>"""
DEVPI = "<html>\n<head>\n<title>404 Not Found</title>\n </head>\n<body>\n<h1>404 Not Found</h1>\n  The project demo does not exist.<br/><br/>\n</body>\n</html>"


@pytest.mark.parametrize(
    ("phrase", "kind", "body", "said"),
    [
        ("demo-1.0.whl already exists in non-volatile index", "text/html", DEVPI, "demo-1.0.whl already exists in non-volatile index"),
        ("Conflict", "text/html", PYPISERVER.replace("WORDS", "Package &#039;x&#039; already\n  exists!"), "Package 'x' already exists!"),
        ("Conflict", "text/html", PYPISERVER.replace("WORDS", "None"), "Conflict"),
        ("", "text/html", DEVPI, "The project demo does not exist."),
        ("", "text/html", "<h1>Blocked</h1><h1>twice</h1>", "Blocked"),
        ("", "text/html", "<script>if (1</script>", "Conflict"),
        ("", "text/plain", "  two\n\n lines ", "two lines"),
        ("CONFLICT", "", "", "Conflict"),
    ],
    ids=["phrase", "pypiserver", "pypiserver-none", "devpi", "heading", "script", "text", "nothing"],
)
def test_finds_the_sentence(phrase: str, kind: str, body: str, said: str) -> None:
    """The phrase if it is the server's own, else what the page is about, else the standard word."""
    assert reason(409, phrase, kind, body) == said


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"message": "Validation Failed", "errors": [{"resource": "ReleaseAsset", "code": "already_exists"}]}, "Validation Failed; already_exists"),
        ({"errors": [{"code": "DENIED", "message": "permission_denied: write_package"}]}, "DENIED: permission_denied: write_package"),
        ({"message": {"base": ["Validation failed: File name has already been taken"]}}, "Validation failed: File name has already been taken"),
        ({"detail": [{"loc": ["form"], "msg": "field required"}]}, "field required"),
        ({"error": "invalid_grant", "error_description": "no such publisher"}, "no such publisher; invalid_grant"),
        ({"errors": [{"message": "no"}, {"message": "no"}]}, "no"),
        (["a", 1, None, "b"], "a; b"),
        ({"status": 409}, "Conflict"),
    ],
    ids=["github", "registry", "gitlab", "fastapi", "oauth", "twice", "list", "numbers"],
)
def test_reads_json(body: object, said: str) -> None:
    """Whoever's JSON it is."""
    assert reason(409, "Conflict", "application/problem+json", json.dumps(body)) == said


@pytest.mark.parametrize(
    ("status", "phrase"),
    [
        (413, "Request Entity Too Large"),
        (413, "Payload Too Large"),
        (413, "Content Too Large"),
        (414, "Request-URI Too Long"),
        (414, "URI Too Long"),
        (416, "Requested Range Not Satisfiable"),
        (416, "Range Not Satisfiable"),
        (422, "Unprocessable Entity"),
        (422, "Unprocessable Content"),
        (503, "Service Temporarily Unavailable"),
    ],
)
def test_no_name_of_a_status_is_words_of_the_server(status: int, phrase: str) -> None:
    """Neither the old one nor the new one, whichever this Python knows."""
    assert reason(status, phrase, "application/json", '{"message": "already_exists"}') == "already_exists"


@pytest.mark.parametrize(
    ("body", "said"), [('{"message": "only the owner may"}', "only the owner may"), ('{"message": ""}', "Nope"), ('{"status": 400}', "Nope"), ("{", "Nope")]
)
def test_a_message_in_json_says_more_than_a_phrase(body: str, said: str) -> None:
    """Whatever phrase a server or a proxy has of its own; without one, that is left."""
    assert reason(400, "Nope", "application/json", body) == said


@pytest.mark.parametrize("body", ["{", "[" * 100_000], ids=["broken", "bottomless"])
def test_json_that_is_none_says_nothing(body: str) -> None:
    """The standard word is left."""
    assert reason(409, "Conflict", "application/json", body) == "Conflict"


def test_is_one_line_of_bounded_length() -> None:
    """However much was said."""
    said = reason(400, "", "text/plain", "word \n" * 1000)

    assert len(said) == LONGEST
    assert said.endswith("…")
    assert "\n" not in said


def test_a_status_of_their_own() -> None:
    """Has the phrase it came with."""
    assert reason(999, "Enhance Your Calm", "", "") == "Enhance Your Calm"
    assert reason(999, "", "", "") == ""
