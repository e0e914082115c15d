"""Where we may speak, with whose credentials, and on which way."""

from __future__ import annotations

import pytest

from pkg_publish.clients.network import Credential, Network, Origin, is_loopback, joined
from pkg_publish.errors import ConfigError
from pkg_publish.secret import Secret


@pytest.mark.parametrize(
    ("url", "origin", "shown"),
    [
        ("https://Example.org/x", Origin("https", "example.org", 443), "example.org"),
        ("https://example.org.:443", Origin("https", "example.org", 443), "example.org"),
        ("https://example.org:8443/", Origin("https", "example.org", 8443), "example.org:8443"),
        ("http://localhost:8080/", Origin("http", "localhost", 8080), "localhost:8080"),
        ("http://127.8.8.8", Origin("http", "127.8.8.8", 80), "127.8.8.8"),
        ("http://[::1]:81/x", Origin("http", "::1", 81), "[::1]:81"),
    ],
)
def test_an_origin_is_scheme_host_and_port(url: str, origin: Origin, shown: str) -> None:
    """However they are spelt."""
    assert Origin.of(url) == origin
    assert str(origin) == shown


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://example.org/", "insecure-url"),
        ("http://127.0.0.1.example.org/", "insecure-url"),
        ("http://localhost.example.org/", "insecure-url"),
        ("http://[::2]/", "insecure-url"),
        ("https://me:secret-word@example.org/", "credentials-in-url"),
        ("https://secret-word@example.org/", "credentials-in-url"),
        ("http://me:secret-word@localhost/", "credentials-in-url"),
        *(
            (odd, "no-url")
            for odd in (
                "",
                "example.org",
                "ftp://example.org/",
                "https://",
                "https://x:y/",
                "https://x:99999/",
                "https://[/",
                "https://x y/",
                "https://x/\n",
                "//x/",
            )
        ),
    ],
)
def test_an_address_that_must_not_be_spoken_to(url: str, code: str) -> None:
    """Without encryption beyond this machine, with credentials inside, or none at all; secrets are not repeated."""
    with pytest.raises(ConfigError) as caught:
        Origin.of(url)

    assert caught.value.code == code
    assert caught.value.cure
    assert "secret-word" not in repr(vars(caught.value))


def test_this_machine_has_few_names() -> None:
    """What only resolves to it is not it."""
    assert [is_loopback(host) for host in ("localhost", "LOCALHOST", "127.0.0.1", "::1", "example.org", "10.0.0.1", "")] == [True] * 4 + [False] * 3


def test_credentials_make_a_header() -> None:
    """In UTF-8, and nobody else prints them."""
    credential = Credential.basic("https://example.org/x", "mé", Secret("sécret:"))

    assert credential.header() == "Basic bcOpOnPDqWNyZXQ6"
    assert Credential.bearer("https://example.org/x", Secret("token")).header() == "Bearer token"
    assert "sécret" not in repr(credential)


@pytest.mark.parametrize("token", ["to\nken", "tökén", "to\x00ken"])
def test_a_token_that_fits_no_header_is_refused_unseen(token: str) -> None:
    """It would end up in a library's message."""
    with pytest.raises(ConfigError) as caught:
        Credential.bearer("https://example.org/x", Secret(token))

    assert caught.value.code == "secret-is-odd"
    assert token not in repr(vars(caught.value))


def test_settings_come_from_an_environment() -> None:
    """Names in small letters win; what is empty is not set."""
    environ = {"HTTPS_PROXY": "http://big:1", "https_proxy": "http://small:1", "ALL_PROXY": " ", "NO_PROXY": "a", "SSL_CERT_FILE": "ssl", "PIP_CERT": "pip"}

    assert Network.read(environ) == Network(proxies={"https": "http://small:1"}, no_proxy="a", ca_bundle="ssl")
    assert Network.read(environ | {"REQUESTS_CA_BUNDLE": "requests"}).ca_bundle == "requests"


def test_settings_do_not_print_the_proxy() -> None:
    """It may have a password."""
    assert "secret" not in repr(Network(proxies={"https": "http://me:secret@proxy:1"}))


PROXIES = {"https": "http://proxy:1", "all": "http://other:1"}


@pytest.mark.parametrize(
    ("no_proxy", "url", "proxy"),
    [
        ("", "https://example.org/", "http://proxy:1"),
        ("", "http://127.0.0.1:80/", ""),
        ("", "https://localhost/", ""),
        ("*", "https://example.org/", ""),
        ("a, example.org", "https://example.org/", ""),
        ("Example.org", "https://files.example.org/", ""),
        (".example.org", "https://files.example.org/", ""),
        ("*.example.org", "https://files.example.org/", ""),
        ("example.org", "https://notexample.org/", "http://proxy:1"),
        ("example.org:8443", "https://example.org:8443/", ""),
        ("example.org:8443", "https://example.org/", "http://proxy:1"),
        ("10.0.0.0/8", "https://10.1.2.3/", ""),
        ("10.0.0.0/8", "https://11.1.2.3/", "http://proxy:1"),
        ("10.0.0.0/8", "https://example.org/", "http://proxy:1"),
    ],
)
def test_some_are_reached_without_a_proxy(no_proxy: str, url: str, proxy: str) -> None:
    """This machine always, others by NO_PROXY."""
    assert Network(proxies=PROXIES, no_proxy=no_proxy).proxy_for(Origin.of(url)) == proxy


def test_a_proxy_for_all_serves_what_has_none() -> None:
    """As curl has it."""
    assert Network(proxies={"all": "http://other:1"}).proxy_for(Origin.of("https://example.org/")) == "http://other:1"
    assert Network().proxy_for(Origin.of("https://example.org/")) == ""


def test_addresses_beside_others() -> None:
    """One that is none is empty."""
    assert joined("https://example.org/a/b", "../c") == "https://example.org/c"
    assert joined("https://example.org/a/b", "https://[/") == ""


@pytest.mark.parametrize("url", ["bob:canary@example.org/simple", "https://bob:canary@[::1/simple", "https://bob:canary@exa mple.org/"])
def test_a_login_is_never_shown(url: str) -> None:
    """Nor where the address is none."""
    with pytest.raises(ConfigError) as caught:
        Origin.of(url)
    assert "canary" not in caught.value.what
