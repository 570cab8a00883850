"""Finding and keeping the zeroc-ice wheel."""

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
import zeroc_ice_wheel

PYTHON = f"cp{sys.version_info.major}{sys.version_info.minor}"
PLATFORM = sysconfig.get_platform().replace("-", "_").replace(".", "_")


def test_it_finds_the_wheel_of_this_python_only(tmp_path: Path) -> None:
    (tmp_path / f"zeroc_ice-3.6.5-cp39-cp39-{PLATFORM}.whl").touch()
    (tmp_path / f"zeroc_ice-3.6.4-{PYTHON}-{PYTHON}-{PLATFORM}.whl").touch()
    (tmp_path / f"zeroc_ice-3.6.5-{PYTHON}-{PYTHON}-linux_otherchip.whl").touch()
    assert zeroc_ice_wheel.fitting_wheel(tmp_path) is None
    fitting = tmp_path / f"zeroc_ice-3.6.5-{PYTHON}-{PYTHON}-{PLATFORM}.whl"
    fitting.touch()
    assert zeroc_ice_wheel.fitting_wheel(tmp_path) == fitting


def test_it_accepts_a_manylinux_wheel(tmp_path: Path) -> None:
    machine = PLATFORM.removeprefix("linux_")
    wheel = tmp_path / f"zeroc_ice-3.6.5-{PYTHON}-{PYTHON}-manylinux_2_28_{machine}.whl"
    wheel.touch()
    assert zeroc_ice_wheel.fitting_wheel(tmp_path) == wheel


def test_the_cache_follows_xdg_cache_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert zeroc_ice_wheel.cache_folder() == tmp_path / "omero-web" / "wheels"


def test_a_kept_wheel_is_used_without_building(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made = tmp_path / f"zeroc_ice-3.6.5-{PYTHON}-{PYTHON}-{PLATFORM}.whl"
    made.write_bytes(b"wheel")
    kept = zeroc_ice_wheel.keep(made, zeroc_ice_wheel.cache_folder())
    script = Path(zeroc_ice_wheel.__file__)
    answer = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True, timeout=20)
    assert answer.stdout.strip() == str(kept)
    assert kept.read_bytes() == b"wheel"
    assert [entry.name for entry in kept.parent.iterdir()] == [made.name]


def test_missing_headers_are_named_as_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert zeroc_ice_wheel.missing_system_packages() == ["g++", "libssl-dev", "libbz2-dev", "python3-dev"]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="compiles as it is")
def test_the_compiler_sees_our_headers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CPLUS_INCLUDE_PATH", "/elsewhere")
    environment = zeroc_ice_wheel.build_environment()
    folder, rest = environment["CPLUS_INCLUDE_PATH"].split(":")
    assert rest == "/elsewhere"
    assert (Path(folder) / "eval.h").is_file()
    assert f"-include {folder}/python_frame.h" in environment["CXXFLAGS"]
