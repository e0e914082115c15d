"""The journal of a version, with which many jobs publish its files at the same time without a lock.

Each file has a tag of its own in the repository `<name>/files`, with what the version's index shall say of it. Whoever writes the index takes in what
the journal has; whoever comes last has seen everybody. Readers never look here: what a person deleted must not come back, and two builds must not mix,
so an entry counts for those who built the same commit: for the jobs of its own run, as long as that is not run again, and for others an hour.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass

from pkg_publish.errors import Integrity
from pkg_publish.formats import foreign, oci
from pkg_publish.formats.version_index import entry_of

ENTRY = "application/vnd.pkg-publish.entry.v1+json"
FRESH = 3600
"""Seconds."""

_KEY = f"{oci.OURS}entry"


def repository_of(name: str) -> str:
    """The repository of the journal of a project whose own has this name."""
    return f"{name}/files"


def prefix_of(version: str) -> str:
    """How the tags of a version begin. Raises `Invalid` for a version that is too long."""
    return f"{oci.tag_of(version, room=len(_mark('')))}.f"


def tag_of(version: str, name: str) -> str:
    """The tag of one file of a version."""
    return oci.tag_of(version, room=len(_mark(name))) + _mark(name)


def _mark(name: str) -> str:
    return f".f{hashlib.sha256(name.encode()).hexdigest()[:16]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Who writes; what is not known is empty."""

    run: str = ""
    """The workflow run."""
    attempt: str = ""
    """Which go at that run: when it begins, whoever wrote in the one before has ended."""
    commit: str = ""
    """What was built."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """What one job says of one file."""

    entry: oci.Entry
    job: Job
    time: int
    """When it was written: seconds since 1970."""

    @classmethod
    def read(cls, data: bytes, project: str, version: str) -> JournalEntry | None:
        """An entry of this version; None: it is something else, or broken, and counts for nothing."""
        what = "a journal entry"
        try:
            text = oci.document(data, what)["annotations"][_KEY]
            found = oci.document(foreign.text(text).encode(), what)
        except (Integrity, KeyError, TypeError):
            return None
        match found:
            case {
                "descriptor": dict(descriptor),
                "run": str(run),
                "attempt": str(attempt),
                "commit": str(commit),
                "time": int(given),
            } if (entry := entry_of(descriptor, project, version)) and (time := foreign.size(given)) is not None:
                return cls(entry=entry, job=Job(run=run, attempt=attempt, commit=commit), time=time)
            case _:
                return None

    def counts(self, ours: Job, now: float) -> bool:
        """Whether a job has to reckon with it at this time (seconds since 1970)."""
        if self.job.commit != ours.commit:
            return False
        if ours.run and self.job.run == ours.run:
            return self.job.attempt == ours.attempt
        return abs(now - self.time) < FRESH

    def encode(self, source: str = "") -> tuple[bytes, bytes]:
        """Return its blob and its manifest; `source` is the address of the GitHub repository, where it is known.

        All stands in the manifest, so that one request reads it; the blob is there because a manifest needs one, and its own because writers who
        share a blob disturb one another.
        """
        blob = oci.encode({"descriptor": self.entry.descriptor, "time": self.time, **asdict(self.job)})
        descriptor = {"mediaType": ENTRY, "digest": oci.digest_of(blob), "size": len(blob)}
        manifest = {
            "schemaVersion": 2,
            "mediaType": oci.MANIFEST,
            "artifactType": ENTRY,
            "config": descriptor,
            "layers": [descriptor],
            "annotations": {f"{oci.OURS}layout": oci.LAYOUT, _KEY: blob.decode(), **oci.standard(source=source)},
        }
        return blob, oci.encode(manifest)
