"""The doctor: all that a publish needs, checked without writing, explained row by row."""

from __future__ import annotations

from pkg_publish.doctor.diagnosis import Diagnosis, Group
from pkg_publish.doctor.examination import Examination

__all__ = ["Diagnosis", "Examination", "Group"]
