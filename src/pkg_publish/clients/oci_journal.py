"""The journal of a version in a registry: see `formats/journal.py`."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from pkg_publish.clients.oci_api import Outgoing
from pkg_publish.clients.together import together
from pkg_publish.errors import Conflict
from pkg_publish.formats import journal, oci

if TYPE_CHECKING:
    from pkg_publish.clients.oci_api import Repository
    from pkg_publish.watch import Watch


class Journal:
    """The journal of one version, as one job reads and writes it."""

    def __init__(self, repository: Repository, project: str, version: str, job: journal.Job) -> None:
        self._repository, self._project, self._version, self._job = repository, project, version, job
        self._known: dict[str, oci.Entry] = {}
        """By tag: while it is fresh, an entry never changes."""

    def fresh(self, watch: Watch) -> list[oci.Entry]:
        """The files that other jobs have added and that count for this one."""
        prefix = journal.prefix_of(self._version)
        tags = [tag for tag in self._repository.tags(watch) if tag.startswith(prefix) and tag not in self._known]
        for tag, found in zip(tags, together([partial(self._read, tag, watch) for tag in tags]), strict=True):
            if found and self._counts(found):
                self._known[tag] = found.entry
        return list(self._known.values())

    def write(self, entry: oci.Entry, source: str, watch: Watch) -> bool:
        """Add a file; return whether that replaced an entry that does not count. Raises `Conflict` when another job adds other bytes of its name."""
        tag = journal.tag_of(self._version, entry.file.name)
        there = self._read(tag, watch)
        if there and self._counts(there):
            if there.entry.file.sha256 != entry.file.sha256:
                raise Conflict(
                    f"{entry.file.name} is being published by another job, with other bytes",
                    code="other-bytes",
                    cure="Let one job publish a file, or release a new version.",
                    details=[f"there: sha256 {there.entry.file.sha256}", f"here: sha256 {entry.file.sha256}"],
                )
            return False
        made = journal.JournalEntry(entry=entry, job=self._job, time=int(time.time()))
        data, manifest = made.encode(source)
        blob = Outgoing.of(data, f"the journal entry of {entry.file.name}")
        self._repository.push([blob], watch)
        self._repository.put_manifest(tag, manifest, oci.MANIFEST, watch, [blob])
        self._known[tag] = entry
        return there is not None

    def _read(self, tag: str, watch: Watch) -> journal.JournalEntry | None:
        data = self._repository.manifest(tag, watch)
        return journal.JournalEntry.read(data, self._project, self._version) if data else None

    def _counts(self, found: journal.JournalEntry) -> bool:
        return found.counts(self._job, time.time())
