"""What the README and `action.yml` say is what the code does."""

from __future__ import annotations

from tests import tables

from pkg_publish.config import inputs


def test_the_tables_are_those_of_the_code() -> None:
    """Run `python -m tests.tables` when this fails."""
    text = tables.README.read_text(encoding="utf-8")

    assert text == tables.with_tables(text)
    assert all(f"<!-- {name}: " in text for name in tables.TABLES)


def test_the_action_has_our_inputs_with_our_defaults() -> None:
    """`Config` states them, `action.yml` repeats them."""
    theirs = {name: each["default"] for name, each in tables.action()["inputs"].items()}

    assert theirs == {each.name: each.default for each in inputs()}


def test_the_build_step_gets_every_input_and_of_tokens_only_their_state() -> None:
    """A variable for each input that is no secret."""
    build, publish = tables.action()["runs"]["steps"]
    given = {
        name for name in build["env"] if name not in {"PKG_PUBLISH_STEP", "PKG_PUBLISH_HOST_PATHS", "PKG_PUBLISH_ACTION_REPOSITORY", "PKG_PUBLISH_ACTION_REF"}
    }
    words = {each.name.upper().replace("-", "_"): each for each in inputs()}

    assert given == {f"PKG_PUBLISH_{'HAS_' if each.secret else ''}{word}" for word, each in words.items()}
    assert not any("toJSON" in value for value in build["env"].values())
    assert publish["env"]["PKG_PUBLISH_INPUTS"] == "${{ toJSON(inputs) }}"


def test_no_expression_stands_in_a_script() -> None:
    """Values reach the scripts by their environment alone."""
    assert all("${{" not in step["run"] for step in tables.action()["runs"]["steps"])


def test_every_output_is_that_of_the_last_step_that_wrote_it() -> None:
    """The publish step, else the build step."""
    for name, each in tables.action()["outputs"].items():
        assert each["value"] == f"${{{{ steps.publish.outputs.{name} || steps.build.outputs.{name} }}}}"
