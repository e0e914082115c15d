"""How GitHub's API words what it knows of a repository."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from tests.servers.github_world import Asset, Release, World

    Json = dict[str, Any]

USER_LINKS = {
    "followers": "/followers",
    "following": "/following{/other_user}",
    "gists": "/gists{/gist_id}",
    "starred": "/starred{/owner}{/repo}",
    "subscriptions": "/subscriptions",
    "organizations": "/orgs",
    "repos": "/repos",
    "events": "/events{/privacy}",
    "received_events": "/received_events",
}


REPOSITORY_LINKS = (
    *("archive", "assignees", "blobs", "branches", "collaborators", "comments", "commits", "compare", "contents", "contributors", "deployments"),
    *("downloads", "events", "forks", "git_commits", "git_refs", "git_tags", "hooks", "issue_comment", "issue_events", "issues", "keys", "labels"),
    *("languages", "merges", "milestones", "notifications", "pulls", "releases", "stargazers", "statuses", "subscribers", "subscription", "tags"),
    *("teams", "trees"),
)
COUNTS = (
    "forks_count",
    "stargazers_count",
    "watchers_count",
    "size",
    "open_issues_count",
    "subscribers_count",
    "network_count",
    "forks",
    "open_issues",
    "watchers",
)
FLAGS = ("fork", "has_issues", "has_projects", "has_wiki", "has_pages", "has_discussions", "archived", "disabled")


def user_json(world: World, login: str = "github-actions[bot]") -> Json:
    """Who did it."""
    url = f"{world.api_url}/users/{quote(login)}"
    facts = {"login": login, "id": 41898282, "node_id": "MDM6Qm90NDE4OTgyODI=", "gravatar_id": "", "type": "Bot", "site_admin": False}
    addresses = {"url": url, "html_url": f"{world.server_url}/{quote(login)}", "avatar_url": f"{world.server_url}/avatar/1"}
    return facts | addresses | {f"{name}_url": url + end for name, end in USER_LINKS.items()}


def repository_json(world: World) -> Json:
    """The repository; `permissions` say of a job's own token that it may not push, even when it may."""
    facts = {"id": 1, "node_id": "R_kwDO", "name": world.name, "full_name": world.full_name, "private": world.private, "default_branch": world.default_branch}
    facts |= dict.fromkeys(COUNTS, 0) | dict.fromkeys(FLAGS, False) | dict.fromkeys(("description", "homepage", "language", "license", "mirror_url"))
    page = f"{world.server_url}/{world.full_name}"
    addresses = {
        "url": world.repo_url,
        "html_url": page,
        "clone_url": f"{page}.git",
        "svn_url": page,
        "git_url": f"git:{page}.git",
        "ssh_url": "git@github.test",
    }
    dates = dict.fromkeys(("pushed_at", "created_at", "updated_at"), "2026-11-20T09:00:00Z")
    rights = {
        "permissions": {"admin": False, "maintain": False, "push": False, "triage": False, "pull": True},
        "visibility": "private" if world.private else "public",
    }
    links = {f"{name}_url": f"{world.repo_url}/{name}" for name in REPOSITORY_LINKS}
    return facts | addresses | dates | rights | links | {"owner": user_json(world, world.owner)}


def release_json(world: World, release: Release) -> Json:
    """A release."""
    url = f"{world.repo_url}/releases/{release.id}"
    facts = ("id", "tag_name", "target_commitish", "name", "body", "draft", "prerelease", "immutable", "created_at", "published_at")
    return {name: getattr(release, name) for name in facts} | {
        "node_id": "RE_kwDO",
        "author": user_json(world),
        "url": url,
        "assets_url": f"{url}/assets",
        "upload_url": f"{world.upload_url}/repos/{world.full_name}/releases/{release.id}/assets{{?name,label}}",
        "html_url": f"{world.server_url}/{world.full_name}/releases/tag/{quote(release.address)}",
        "tarball_url": None if release.draft else f"{world.repo_url}/tarball/{release.tag_name}",
        "zipball_url": None if release.draft else f"{world.repo_url}/zipball/{release.tag_name}",
        "updated_at": release.published_at or release.created_at,
        "assets": [asset_json(world, release, asset) for asset in release.assets],
    }


def asset_json(world: World, release: Release, asset: Asset) -> Json:
    """An asset."""
    digest = f"sha256:{hashlib.sha256(asset.data).hexdigest()}" if world.digests and asset.state == "uploaded" else None
    return {name: getattr(asset, name) for name in ("id", "name", "label", "content_type", "state", "created_at")} | {
        "url": f"{world.repo_url}/releases/assets/{asset.id}",
        "node_id": "RA_kwDO",
        "uploader": user_json(world),
        "size": len(asset.data),
        "digest": digest,
        "download_count": asset.downloads,
        "updated_at": asset.created_at,
        "browser_download_url": f"{world.server_url}/{world.full_name}/releases/download/{quote(release.address)}/{quote(asset.name)}",
    }


def ref_json(world: World, tag: str) -> Json:
    """A tag."""
    sha = world.tags[tag]
    kind = "tag" if sha in world.annotated else "commit"
    there = {"type": kind, "sha": sha, "url": f"{world.repo_url}/git/{kind}s/{sha}"}
    return {"ref": f"refs/tags/{tag}", "node_id": "REF_kwDO", "url": f"{world.repo_url}/git/refs/tags/{tag}", "object": there}


def tag_json(world: World, sha: str) -> Json:
    """The object of an annotated tag."""
    tag = next(name for name, there in world.tags.items() if there == sha)
    commit = world.annotated[sha]
    there = {"type": "commit", "sha": commit, "url": f"{world.repo_url}/git/commits/{commit}"}
    tagger = {"name": "Octo", "email": "octo@example.org", "date": world.commits[commit].date}
    return {"sha": sha, "url": f"{world.repo_url}/git/tags/{sha}", "node_id": "TA_kwDO", "tagger": tagger, "object": there, "tag": tag, "message": tag}


def commit_json(world: World, sha: str) -> Json:
    """A commit."""
    who = {"name": "Octo", "email": "octo@example.org", "date": world.commits[sha].date}
    tree = {"sha": sha, "url": f"{world.repo_url}/git/trees/{sha}"}
    inner = {"url": f"{world.repo_url}/git/commits/{sha}", "author": who, "committer": who, "message": "Work", "comment_count": 0, "tree": tree}
    url = f"{world.repo_url}/commits/{sha}"
    addresses = {"url": url, "html_url": f"{world.server_url}/{world.full_name}/commit/{sha}", "comments_url": f"{url}/comments"}
    return {"sha": sha, "node_id": "C_kwDO", "commit": inner, "author": user_json(world), "committer": user_json(world), "parents": []} | addresses
