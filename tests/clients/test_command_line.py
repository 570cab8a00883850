"""The `omero` command: sessions, objects, annotations, files, groups and users."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from omero.cli import CLI, NonZeroReturnCode


@pytest.fixture(scope="session")
def command() -> Iterator[CLI]:
    """The command with all its plug-ins, in this process: starting it anew takes seconds."""
    cli = CLI()
    cli.loadplugins()
    yield cli
    cli.close()


class Shell:
    """What somebody does who works with the command; sessions lie in a folder of their own."""

    def __init__(self, cli: CLI, server: Any, capsys: pytest.CaptureFixture[str]) -> None:
        self.cli = cli
        self.capsys = capsys
        self.address = ["-s", server.host, "-p", str(server.tls_port)]

    def __call__(self, *arguments: str) -> str:
        """Standard output of a command that succeeds."""
        self.capsys.readouterr()
        self.cli.invoke([str(a) for a in arguments], strict=True)
        return self.capsys.readouterr().out.strip()

    def fails(self, *arguments: str) -> str:
        """All output of a command that fails."""
        self.capsys.readouterr()
        with pytest.raises(NonZeroReturnCode):
            self.cli.invoke([str(a) for a in arguments], strict=True)
        return "".join(self.capsys.readouterr())

    def log_in(self, user: str, password: str) -> str:
        return self("login", *self.address, "-u", user, "-w", password)


@pytest.fixture
def shell(
    command: CLI, server: Any, member: Any, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> Iterator[Shell]:  # fmt: skip
    """The command, logged in as the member."""
    monkeypatch.setenv("OMERO_USERDIR", str(tmp_path / "omero"))
    monkeypatch.setenv("OMERO_SESSIONDIR", str(tmp_path / "sessions"))
    made = Shell(command, server, capsys)
    made.log_in(member.name, member.password)
    yield made
    command.invoke(["logout"])
    command.close()


@pytest.fixture
def root_shell(shell: Shell, server: Any) -> Shell:
    """The command, logged in as root."""
    shell.log_in("root", server.root_password)
    return shell


def number(reference: str) -> int:
    """Id in a text such as `Dataset:5`."""
    return int(reference.rsplit(":", 1)[1])


def test_sessions_are_listed_used_and_ended(shell: Shell, member: Any) -> None:
    assert member.name in shell("sessions", "list")
    key = shell("sessions", "key")
    assert re.fullmatch(r"[0-9a-f-]{36}", key)
    assert shell("login", *shell.address, "-k", key) is not None
    shell("logout")
    assert "wrong" not in shell.fails("login", *shell.address, "-u", member.name, "-w", "wrong")


def test_objects_are_made_changed_and_linked(shell: Shell, conn: Any) -> None:
    project = shell("obj", "new", "Project", "name=study", "description=of cells")
    dataset = shell("obj", "new", "Dataset", "name=cells")
    link = shell("obj", "new", "ProjectDatasetLink", f"parent={project}", f"child={dataset}")
    assert link.startswith("ProjectDatasetLink:")
    shell("obj", "update", dataset, "name=new name")
    assert shell("obj", "get", dataset, "name") == "new name"
    assert "description=of cells" in shell("obj", "get", project)
    shell("obj", "null", project, "description")
    assert shell("obj", "get", project, "description") == ""
    (found,) = conn.getObject("Project", number(project)).listChildren()
    assert found.getId() == number(dataset)


def test_map_annotations_are_edited(shell: Shell, conn: Any) -> None:
    pairs = shell("obj", "new", "MapAnnotation", "ns=test")
    shell("obj", "map-set", pairs, "mapValue", "gene", "tp53")
    shell("obj", "map-set", pairs, "mapValue", "dose", "2")
    assert shell("obj", "map-get", pairs, "mapValue", "gene") == "tp53"
    found = conn.getObject("MapAnnotation", number(pairs)).getValue()
    assert sorted(tuple(pair) for pair in found) == [("dose", "2"), ("gene", "tp53")]


def test_tags_are_made_listed_and_linked(shell: Shell, conn: Any) -> None:
    shell("tag", "create", "--name", "liver", "--desc", "the organ")
    (tag,) = conn.getObjects("TagAnnotation", opts={"owner": conn.getUserId()})
    assert "liver" in shell("tag", "list")
    dataset = shell("obj", "new", "Dataset", "name=cells")
    shell("tag", "link", dataset, str(tag.getId()))
    (linked,) = conn.getObject("Dataset", number(dataset)).listAnnotations()
    assert linked.getValue() == "liver"
    shell("tag", "createset", "--tag", str(tag.getId()), "--name", "organs")
    assert "organs" in shell("tag", "listsets")


def test_hql_is_asked_and_wrong_hql_explained(shell: Shell, member: Any) -> None:
    shell("obj", "new", "Dataset", "name=asked for")
    out = shell("hql", "-q", "--limit", "5", "--style", "csv", "select d.id, d.name from Dataset d")
    assert "asked for" in out
    out = shell("hql", "-q", "--style", "plain", f"select e from Experimenter e where e.id = {member.id}")
    assert f"ExperimenterI,{member.id}" in out or member.name in out
    assert "Traceback" not in shell.fails("hql", "-q", "select x from Nothing x")


def test_search_finds_names(shell: Shell) -> None:
    dataset = shell("obj", "new", "Dataset", "name=zygomorphic")
    assert f"{number(dataset)}" in shell("search", "Dataset", "zygomorphic")
    shell("search", "Dataset", "zygo*", "--field", "name", "--style", "csv")


def test_files_are_uploaded_and_downloaded(shell: Shell, tmp_path: Path) -> None:
    content = os.urandom(3_000_000)
    sent, got = tmp_path / "sent.bin", tmp_path / "got.bin"
    sent.write_bytes(content)
    reference = shell("upload", str(sent))
    assert reference.startswith("OriginalFile:")
    shell("download", reference, str(got))
    assert got.read_bytes() == content
    annotation = shell("obj", "new", "FileAnnotation", f"file={reference}")
    shell("download", annotation, str(tmp_path / "again.bin"))
    assert (tmp_path / "again.bin").read_bytes() == content


def test_objects_are_deleted_with_a_report(shell: Shell, conn: Any, image: Any) -> None:
    dataset = shell("obj", "new", "Dataset", "name=goes")
    shell("obj", "new", "DatasetImageLink", f"parent={dataset}", f"child=Image:{image.getId()}")
    report = shell("delete", dataset, "--report", "--dry-run")
    assert f"Image:{image.getId()}" in report.replace(" ", "") or "Image" in report
    assert conn.getObject("Image", image.getId())
    shell("delete", dataset, "--exclude", "Image")
    assert conn.getObject("Image", image.getId())
    shell("delete", f"Image:{image.getId()}")
    assert conn.getObject("Image", image.getId()) is None


def test_objects_are_moved_between_groups(
    root_shell: Shell, make_group: Callable[..., int], conn: Any, member: Any, image: Any
) -> None:
    other = make_group("rwra--")
    root_shell("group", "adduser", "--id", str(other), "--user-id", str(member.id))
    root_shell.log_in(member.name, member.password)
    root_shell("chgrp", f"ExperimenterGroup:{other}", f"Image:{image.getId()}", "--report")
    conn.SERVICE_OPTS.setOmeroGroup(-1)
    assert conn.getObject("Image", image.getId()).getDetails().getGroup().getId() == other


def test_objects_are_given_away(
    root_shell: Shell, make_user: Callable[..., Any], conn: Any, member: Any, image: Any
) -> None:
    other = make_user(member.group)
    root_shell("chown", f"User:{other.id}", f"Image:{image.getId()}", "--report")
    assert conn.getObject("Image", image.getId()).getOwner().getId() == other.id


def test_users_and_groups_are_made_and_listed(root_shell: Shell, server: Any, member: Any) -> None:
    group, user = f"cli-group-{member.id}", f"cli-user-{member.id}"
    root_shell("group", "add", group, "--type", "read-annotate")
    root_shell("user", "add", user, "Ann", "Example", "--group-name", group, "-P", "her secret")
    assert group in root_shell("group", "list")
    assert user in root_shell("user", "list", "--style", "plain")
    assert "Ann" in root_shell("user", "info", "--user-name", user)
    assert group in root_shell("group", "info", "--group-name", group)
    root_shell("group", "perms", "--name", group, "--type", "private")
    root_shell("user", "joingroup", "user", "--name", user)
    root_shell.log_in(user, "her secret")
    root_shell.log_in("root", server.root_password)
    assert user in root_shell("user", "list")


def test_file_systems_are_shown(root_shell: Shell, member: Any) -> None:
    assert "Managed" in root_shell("fs", "repos") or root_shell("fs", "repos")
    root_shell("fs", "sets", "--style", "plain")


def test_wrong_objects_are_refused_with_a_message(shell: Shell) -> None:
    assert "Traceback" not in shell.fails("obj", "get", "Dataset:999999999", "name")
