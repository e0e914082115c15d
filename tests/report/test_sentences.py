"""The verdict and what follows it, for every way in which a run can end."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.report.scenes import (
    ALL,
    AN_IMAGE,
    BACKEND,
    BAD_GATEWAY,
    BOTH,
    FOLDER,
    GHCR,
    IMAGE,
    MISTAKES,
    NO_REGISTRY,
    NOTHING,
    PACKAGES,
    PYPI,
    RELEASE,
    SDIST,
    TOO_MANY,
    WHEEL,
    WRITE_PACKAGE,
    Scene,
    attempt,
    look,
    many,
    skipped,
)

from pkg_publish.errors import Cancelled, Deadline, Environment, Failure, Integrity, Invalid, PolicyError, PublishError
from pkg_publish.model import Item, Release
from pkg_publish.plan import Strategy
from pkg_publish.report.phrases import VERBS
from pkg_publish.report.sentences import fallback, lead, verdict
from pkg_publish.state import Look
from pkg_publish.verdict import Proof

if TYPE_CHECKING:
    from pkg_publish.state import Attempt

EVERYWHERE = {"strategy": Strategy.ALL}
KEEPING = EVERYWHERE | {"keep": True}
DRY = {"dry_run": True}
LATE = Deadline("the time is up", code="deadline", reached=True)
STOPPED = Cancelled("the run was cancelled", code="cancelled", reached=True)
DARK = look(BOTH, problem=BAD_GATEWAY)
UNSUPPORTED = look(BOTH, problem=NO_REGISTRY)
OTHERS = Look(wanted=NOTHING.wanted, held={"sglang-0.5.10-cp312-none-any.whl": Item(name="sglang-0.5.10-cp312-none-any.whl")})


def failing(*problems: PublishError) -> list[Attempt]:
    """Targets that say no, all untouched."""
    return [attempt(place, NOTHING, problem=problem) for place, problem in zip((GHCR, RELEASE, PYPI), problems, strict=False)]


ENDINGS = {
    "everywhere": (
        Scene(tried=[attempt(PYPI, NOTHING, ALL), attempt(FOLDER, NOTHING, ALL)], plan=EVERYWHERE),
        "is published on PyPI and in the folder out/wheels",
    ),
    "was everywhere": (
        Scene(tried=[attempt(PYPI, ALL), attempt(GHCR, ALL)], plan=EVERYWHERE),
        "was already on PyPI and on ghcr.io/octo/sglang: nothing was sent",
    ),
    "was an image": (
        Scene(tried=[attempt(IMAGE, AN_IMAGE)]),
        "was already there as the image ghcr.io/octo/sglang: nothing was sent",
    ),
    "half of the second": (
        Scene(tried=[attempt(PYPI, NOTHING, ALL), attempt(GHCR, NOTHING, look(BOTH, WHEEL.name), BAD_GATEWAY)], plan=EVERYWHERE),
        "is published on PyPI, but only half of it on ghcr.io/octo/sglang: the wheel is there, the sdist is not",
    ),
    "cancelled at the second": (
        Scene(tried=[attempt(PYPI, NOTHING, ALL), attempt(GHCR, NOTHING, problem=STOPPED)], plan=EVERYWHERE),
        "is published on PyPI, but ghcr.io/octo/sglang was not done before the run was cancelled",
    ),
    "ended between two": (
        Scene(tried=[attempt(PYPI, NOTHING, ALL)], skipped=[skipped(GHCR, NOTHING), skipped(RELEASE, NOTHING)], plan=EVERYWHERE),
        "is published on PyPI, but not on ghcr.io/octo/sglang and on the GitHub Release v0.5.10",
    ),
    "everywhere, and not the same": (
        Scene(tried=[attempt(PYPI, look(BOTH, keep=[WHEEL.name]), look(BOTH, SDIST.name, keep=[WHEEL.name])), attempt(GHCR, NOTHING, ALL)], plan=KEEPING),
        "is published on PyPI and on ghcr.io/octo/sglang, but 1 file is not the same everywhere",
    ),
    "was everywhere, and is not the same": (
        Scene(tried=[attempt(PYPI, look(BOTH, keep=[WHEEL.name, SDIST.name])), attempt(GHCR, ALL)], plan=KEEPING),
        "was already on PyPI and on ghcr.io/octo/sglang, but 2 files are not the same everywhere: nothing was sent",
    ),
    "would be": (Scene(skipped=[skipped(GHCR, NOTHING), skipped(RELEASE, NOTHING)], plan=DRY), "would be published on ghcr.io/octo/sglang"),
    "would go on": (Scene(skipped=[skipped(GHCR, NOTHING), skipped(PYPI, look(BOTH, WHEEL.name))], plan=DRY), "would be published on PyPI"),
    "would do nothing": (Scene(skipped=[skipped(GHCR, NOTHING), skipped(PYPI, ALL)], plan=DRY), "is already on PyPI, so nothing would be sent"),
    "would be everywhere": (
        Scene(skipped=[skipped(PYPI, ALL), skipped(GHCR, NOTHING)], plan=DRY | EVERYWHERE),
        "would be published on ghcr.io/octo/sglang, and is already on PyPI",
    ),
    "would conflict": (
        Scene(skipped=[skipped(GHCR, look(BOTH, wheel=""))], plan=DRY),
        "would not be published: ghcr.io/octo/sglang holds other bytes under the same name",
    ),
    "would be nowhere": (Scene(skipped=[skipped(PACKAGES, UNSUPPORTED)], plan=DRY), "would not be published: no target takes it"),
    "half": (Scene(tried=[attempt(PYPI, NOTHING, look(BOTH, SDIST.name), BAD_GATEWAY)]), "is half published on PyPI: the sdist is there, the wheel is not"),
    "half, by others": (Scene(tried=[attempt(PYPI, OTHERS, problem=BAD_GATEWAY)]), "is half published on PyPI: other files of it are there, ours are not"),
    "half, late": (Scene(tried=[attempt(PYPI, NOTHING, look(BOTH, WHEEL.name), LATE)]), "is half published on PyPI: the wheel is there, the sdist is not"),
    "not seen by everybody": (
        Scene(tried=[attempt(PYPI, NOTHING, replace(ALL, held={name: replace(item, late=True) for name, item in ALL.held.items()}))]),
        "Nobody can say yet whether sglang 0.5.10 is on PyPI",
    ),
    "late": (Scene(tried=[attempt(PYPI, NOTHING, problem=LATE)]), "is not published: the time was up"),
    "untrusted": (
        Scene(tried=failing(Integrity("a redirect", code="write-redirected-elsewhere"))),
        "is not published: ghcr.io/octo/sglang could not be trusted",
    ),
    "impossible": (Scene(tried=failing(Invalid("a local version", code="file-name"))), "is not published: ghcr.io/octo/sglang can never hold it"),
    "refused": (Scene(tried=failing(WRITE_PACKAGE)), "is not published: nothing was written anywhere"),
}


@pytest.mark.parametrize(("scene", "said"), ENDINGS.values(), ids=ENDINGS)
def test_verdicts(scene: Scene, said: str) -> None:
    """One sentence each."""
    name = "Dry run: sglang 0.5.10" if scene.plan.get("dry_run") else "sglang 0.5.10"

    assert verdict(scene.report()) in {f"{name} {said}", said}


@pytest.mark.parametrize(
    ("problems", "said"),
    [
        (MISTAKES, "3 mistakes in the configuration"),
        ([PolicyError("no", code="private-to-public")], "1 mistake in what this run may do"),
        ([Invalid("no", code="file-name")] * 2, "2 mistakes in the files"),
        ([MISTAKES[0], PolicyError("no", code="private-to-public")], "2 mistakes"),
        ([BACKEND], "the build failed"),
        ([STOPPED], "the run was cancelled"),
        ([Environment("no Python", code="no-python")], "the run could not begin"),
    ],
)
def test_verdicts_on_runs_that_did_not_begin(problems: list[PublishError], said: str) -> None:
    """They have no project yet."""
    assert verdict(Scene(early=problems).report()) == f"Nothing is published: {said}"


@pytest.mark.parametrize(
    ("there", "said"),
    [
        (["0", "1"], "2 of 4 wheels are there, 2 of 4 wheels and the sdist are not"),
        (["0", "1", "2", "3"], "all 4 wheels are there, the sdist is not"),
        (["tar"], "the sdist is there, all 4 wheels are not"),
    ],
)
def test_halves_of_many_files(there: list[str], said: str) -> None:
    """Counted by kind."""
    wheels = many(4).distributions
    release = Release(project="sglang", version="0.5.10", distributions=(*wheels, SDIST))
    names = [wheels[int(each)].name if each != "tar" else SDIST.name for each in there]
    report = Scene(release=release, tried=[attempt(PYPI, look(release), look(release, *names), BAD_GATEWAY)]).report()

    assert verdict(report) == f"sglang 0.5.10 is half published on PyPI: {said}"


SAFE = "was seen to be untouched, so running again is safe"
LEFT = "The GitHub Release v0.5.10 could not be read, so an earlier run may have left the version there"
NEXT = {
    "one said no": (Scene(tried=failing(WRITE_PACKAGE)), [f"It {SAFE}"]),
    "three said no": (Scene(tried=failing(WRITE_PACKAGE, TOO_MANY, BAD_GATEWAY)), [f"All 3 targets said no, and each {SAFE}"]),
    "one was dark": (
        Scene(tried=[attempt(RELEASE, DARK)]),
        ["Nothing was written anywhere, so running again is safe", LEFT],
    ),
    "one of two was dark": (
        Scene(tried=[*failing(WRITE_PACKAGE), attempt(RELEASE, DARK)]),
        ["Both targets said no, and nothing was written anywhere, so running again is safe", LEFT],
    ),
    "one can hold nothing": (Scene(tried=[attempt(PACKAGES, UNSUPPORTED), *failing(WRITE_PACKAGE)]), [f"Both targets said no, and each {SAFE}"]),
    "one stopped it": (
        Scene(tried=failing(Integrity("x", code="tls-certificate")), skipped=[skipped(PYPI, NOTHING), skipped(RELEASE, NOTHING)]),
        ["Nothing was written anywhere", "PyPI and the GitHub Release v0.5.10 were not tried"],
    ),
    "cut": (Scene(tried=[attempt(RELEASE, NOTHING, look(BOTH, problem=BAD_GATEWAY), LATE)]), ["The GitHub Release v0.5.10 may have taken something of it"]),
    "conflict while it sent": (
        Scene(tried=[attempt(PYPI, NOTHING, look(BOTH, wheel=""), TOO_MANY)], skipped=[skipped(GHCR, NOTHING)]),
        ["PyPI may have taken something of it", "ghcr.io/octo/sglang was not tried, for a version has one home"],
    ),
    "only the sdist": (Scene(tried=[attempt(PYPI, NOTHING, look(BOTH, SDIST.name), BAD_GATEWAY)]), ["Whoever installs now builds it from the sdist"]),
    "nothing of ours": (Scene(tried=[attempt(PYPI, OTHERS, problem=BAD_GATEWAY)]), ["Whoever installs now gets none of these files"]),
    "passed by under all": (
        Scene(tried=[attempt(PACKAGES, UNSUPPORTED), attempt(PYPI, NOTHING, ALL)], plan=EVERYWHERE),
        ["GitHub Packages was passed by and does not take it", "2 files were read back and match by sha256"],
    ),
    "found at a later target": (
        Scene(tried=[attempt(RELEASE, ALL)], skipped=[]),
        ["2 files match by sha256"],
    ),
    "dry run that fails": (Scene(skipped=[skipped(PACKAGES, UNSUPPORTED)], plan=DRY), ["Nothing was written"]),
    "dry run that would do nothing": (Scene(skipped=[skipped(PYPI, ALL)], plan=DRY), ["Nothing was written"]),
    "nothing but kept": (Scene(tried=[attempt(PYPI, look(BOTH, keep=[WHEEL.name, SDIST.name]))], plan={"keep": True}), []),
}


@pytest.mark.parametrize(("scene", "said"), NEXT.values(), ids=NEXT)
def test_what_follows(scene: Scene, said: list[str]) -> None:
    """What is there, and whether running again is safe."""
    assert [each.text for each in lead(scene.report())] == said


@pytest.mark.parametrize(
    ("wheels", "there", "said"),
    [
        (2, 2, "a wheel, and an older version or an error where no wheel fits"),
        (2, 1, "a wheel if their own is among those that are there, and builds it from the sdist where no wheel fits"),
    ],
)
def test_what_a_reader_gets_of_a_half(wheels: int, there: int, said: str) -> None:
    """Which depends on what is there."""
    made = many(wheels).distributions
    release = Release(project="sglang", version="0.5.10", distributions=(*made, SDIST))
    names = [*(each.name for each in made[:there]), *([SDIST.name] if there < wheels else [])]
    report = Scene(release=release, tried=[attempt(PYPI, look(release), look(release, *names), BAD_GATEWAY)]).report()

    assert lead(report)[0].text == f"Whoever installs now gets {said}"


def test_a_version_that_was_found_at_a_later_target() -> None:
    """It stays there; who comes before it is named."""
    scene = Scene(tried=[attempt(RELEASE, ALL)], skipped=[skipped(GHCR, NOTHING)])
    scene = Scene(tried=scene.skipped, skipped=scene.tried)
    report = scene.report()

    assert [each.text for each in lead(report)] == ["ghcr.io/octo/sglang comes before it and does not hold it", "2 files match by sha256"]


def test_a_fallback_to_what_had_a_part_of_it() -> None:
    """The place that shows something of the version is its home, though nobody failed before it."""
    report = Scene(tried=[skipped(GHCR, NOTHING), attempt(RELEASE, look(BOTH, WHEEL.name), ALL)]).report()

    assert fallback(report) == "github-release"
    assert verdict(report) == "sglang 0.5.10 is published on the GitHub Release v0.5.10"


def test_every_class_has_its_verb() -> None:
    """So that no sentence breaks."""
    assert set(VERBS) == set(Failure)


@pytest.mark.parametrize("beyond", [False, True])
def test_a_proof_says_when_its_index_lacked_something(beyond: bool) -> None:  # noqa: FBT001 - a table
    """What the release needs then came from elsewhere."""
    report = replace(Scene(tried=[attempt(GHCR, NOTHING, ALL)]).report(), proof=Proof(python="3.12.1", modules=("demo",), beyond=beyond))

    (said,) = [each.text for each in lead(report) if "clean environment" in each.text]

    assert said.endswith("with Python 3.12.1, and `demo` imported") is not beyond
    assert said.endswith("came from the one that the installer is set up with") is beyond
