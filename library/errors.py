"""The two ways in which the set-up fails."""

from __future__ import annotations


class Unreachable(Exception):
    """This way does not lead to the libraries; another may."""

    def __init__(self, what: str, *, passing: bool = False) -> None:
        super().__init__(what)
        self.passing = passing
        """Asking again may help."""


class SetUpFailed(Exception):
    """The libraries cannot be had, and no other way is tried."""

    def __init__(self, what: str, *, code: str, cure: str) -> None:
        super().__init__(what)
        self.what = what
        self.code = code
        self.cure = cure
