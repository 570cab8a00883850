"""Missing Debian packages."""

from pathlib import Path

import pytest
import system_packages
from system_packages import MissingPackages, Need


def test_a_program_on_the_path_is_no_missing_package() -> None:
    assert system_packages.missing([Need("sh", "dash"), Need("no-such-program", "some-package")]) == [
        "some-package"
    ]


def test_a_program_outside_the_path_is_found_by_its_pattern() -> None:
    assert system_packages.missing([Need("no-such-program", "some-package", "bin/s[h]")]) == []


def test_without_root_the_apt_get_line_is_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(system_packages, "is_root", lambda: False)
    with pytest.raises(MissingPackages, match="sudo apt-get install nginx redis-server"):
        system_packages.install(["nginx", "redis-server"], "make test")
