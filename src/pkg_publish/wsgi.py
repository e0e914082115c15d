"""The index for a server of your own: `gunicorn 'pkg_publish.wsgi:application()'`, in any number of copies."""

from __future__ import annotations

import os

from pkg_publish.catalog import Catalog
from pkg_publish.index import Index
from pkg_publish.readers import projects, sources, started


def application(targets: str = "", *names: str) -> Index:
    """A WSGI application: `targets` as after `--from`, by default `PKG_PUBLISH_FROM`; `names` as after `--project`. Raises `Mistakes`."""
    environ = dict(os.environ)
    catalog = Catalog(sources([targets or environ.get("PKG_PUBLISH_FROM", "")], environ), projects(names))
    return Index(catalog, command=started(environ, elsewhere=True))
