"""Where the contents of original files are kept.

A file without `repo` lies in the folder of plain files under its id; one with `repo` in that repository under its
`path` and `name`. Source: contract/model.md, section 9; contract/server.md, section 2.18.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path


class FileStore:
    """Paths of original files; `repositories` gives the root folder of each repository by its `repo` value."""

    def __init__(self, plain: Path, repositories: Mapping[str, Path]) -> None:
        self._plain = plain
        self._repositories = dict(repositories)

    def path(self, file_id: int, repo: str | None, path: str | None, name: str) -> Path:
        """The file of a row. Raises ValueError for an unknown repository or a path that leaves it."""
        if repo is None:
            return self._plain / str(int(file_id))
        root = self._repositories.get(repo)
        if root is None:
            raise ValueError(f"OriginalFile:{file_id} lies in the unknown repository {repo}")
        inside = f"{path or ''}/{name}".strip("/")
        if "\0" in inside or ".." in inside.replace("\\", "/").split("/"):
            raise ValueError(f"OriginalFile:{file_id} has a path that leaves its repository")
        return root / inside

    def delete(self, file_id: int, repo: str | None, path: str | None, name: str) -> None:
        """Remove the content of a row that is gone, and the folders of the repository that become empty by it."""
        file = self.path(file_id, repo, path, name)
        with contextlib.suppress(FileNotFoundError):
            if file.is_dir():
                file.rmdir()
            else:
                file.unlink()
        if repo is None:
            return
        root = self._repositories[repo]
        for folder in file.parents:
            if folder == root or root not in folder.parents:
                break
            try:
                folder.rmdir()
            except FileNotFoundError:
                continue
            except OSError:
                # Something else lies there.
                break
