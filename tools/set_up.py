"""Set the project up in a virtual environment: `python3 tools/set_up.py run|lint|test`.

Every step is skipped when it is done already, so a second call takes a moment. Standard library only.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import front_end  # noqa: E402
import system_packages  # noqa: E402
import zeroc_ice_wheel  # noqa: E402

SUPPORTED = ((3, 10), (3, 12))
PREFERRED = ("python3.11", "python3.12", "python3.10")
EXTRAS = {"run": {"samples"}, "lint": {"samples", "test"}, "test": {"samples", "test"}}
STEPS = 4


class SetUpError(Exception):
    """Set-up cannot go on; the message says why and what mends it."""


def say(step: int, text: str) -> None:
    print(f"[{step}/{STEPS}] {text}", flush=True)


def version_of(python: str) -> tuple[int, int] | None:
    """(major, minor) of an interpreter; None when it does not run (a pyenv shim without a version does not)."""
    question = [python, "-c", "import sys; print(*sys.version_info[:2])"]
    try:
        answer = subprocess.run(question, capture_output=True, text=True, timeout=30)
    except OSError:
        return None
    if answer.returncode:
        return None
    major, minor = answer.stdout.split()
    return int(major), int(minor)


def find_python() -> str:
    """A supported interpreter: `$PYTHON`, the one running this, or one of PREFERRED. Raises SetUpError."""
    wanted = os.environ.get("PYTHON")
    candidates = [wanted] if wanted else [*PREFERRED, sys.executable]
    for candidate in candidates:
        path = shutil.which(candidate)
        if path is None:
            continue
        version = version_of(path)
        if version is not None and SUPPORTED[0] <= version <= SUPPORTED[1]:
            return path
    tried = ", ".join(candidates)
    raise SetUpError(
        f"Python 3.10, 3.11 or 3.12 is needed (tried {tried}); set PYTHON to one, or\n  apt-get install python3.11"
    )


def make_environment(venv: Path) -> Path:
    """Create the virtual environment if need be; path of its Python."""
    python = venv / "bin" / "python"
    if python.exists() and version_of(str(python)) is not None:
        say(1, f"Virtual environment {venv}: there")
        return python
    base = find_python()
    say(1, f"Virtual environment {venv}: made with {base}")
    command = [base, "-m", "venv", "--clear", str(venv)]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode and "ensurepip" in result.stdout + result.stderr:
        system_packages.install(["python3-venv"], "Making a virtual environment")
        result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        raise SetUpError(f"{' '.join(command)} failed:\n{result.stdout}{result.stderr}")
    return python


def installed_extras(stamp: Path, fingerprint: str) -> set[str]:
    """Extras that are installed from the present setup.py; none when it has changed since."""
    if not stamp.exists():
        return set()
    record = json.loads(stamp.read_text(encoding="utf-8"))
    return set(record["extras"]) if record["fingerprint"] == fingerprint else set()


def fingerprint() -> str:
    """Changes when what must be installed does, or when the checkout was moved."""
    digest = hashlib.sha256(str(ROOT).encode())
    for name in ("setup.py", "omeroweb/version.py"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def run_pip(python: Path, *arguments: str) -> None:
    """Run `pip install`, showing what is downloaded; on failure its whole output."""
    command = [
        str(python),
        "-m",
        "pip",
        "--disable-pip-version-check",
        "install",
        "--progress-bar",
        "off",
        *arguments,
    ]
    lines: list[str] = []
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            if line.strip().startswith(("Downloading ", "Using cached ", "Installing collected")):
                print(f"  {line.strip()[:100]}", flush=True)
    if process.returncode:
        raise SetUpError(f"pip install {' '.join(arguments)} failed:\n{''.join(lines[-60:])}")


def install_python_packages(python: Path, extras: set[str]) -> None:
    """The zeroc-ice wheel, then the checkout itself with everything it needs, as an editable install."""
    stamp = python.parent.parent / "omero-web-set-up.json"
    mark = fingerprint()
    there = installed_extras(stamp, mark)
    if extras <= there:
        say(2, "zeroc-ice wheel: there")
        say(3, "Python packages: there")
        return
    say(2, "zeroc-ice wheel")
    wheel = subprocess.run(
        [str(python), str(ROOT / "tools" / "zeroc_ice_wheel.py")], stdout=subprocess.PIPE, text=True
    )
    if wheel.returncode:
        raise SetUpError("no zeroc-ice wheel, see above")
    say(3, "Python packages")
    everything = extras | there
    run_pip(python, wheel.stdout.strip(), "-e", f".[{','.join(sorted(everything))}]")
    stamp.write_text(json.dumps({"fingerprint": mark, "extras": sorted(everything)}), encoding="utf-8")


def needed_system_packages(purpose: str) -> list[str]:
    needs = [] if front_end.is_current() else system_packages.missing(system_packages.FRONT_END)
    if purpose == "test":
        needs += system_packages.missing(system_packages.TESTS)
    return needs


def compilers_for_wheel(python: Path) -> list[str]:
    """Packages for compiling zeroc-ice, asked of the Python that will use the wheel; none when the wheel is there."""
    question = [
        str(python),
        "-c",
        "import zeroc_ice_wheel as z; "
        "print(*([] if z.fitting_wheel(z.cache_folder()) else z.missing_system_packages()))",
    ]
    answer = subprocess.run(question, cwd=ROOT / "tools", capture_output=True, text=True, check=True)
    return answer.stdout.split()


def set_up(purpose: str, venv: Path) -> None:
    started = time.monotonic()
    system_packages.install(needed_system_packages(purpose), f"make {purpose}")
    python = make_environment(venv)
    system_packages.install(compilers_for_wheel(python), "Compiling zeroc-ice")
    install_python_packages(python, EXTRAS[purpose])
    if front_end.is_current():
        say(4, "Libraries of the pages: there")
    else:
        say(4, "Libraries of the pages (npm)")
        front_end.provide()
    seconds = time.monotonic() - started
    if seconds > 5:
        print(f"Set up in {seconds:.0f} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Set the project up in a virtual environment.")
    parser.add_argument("purpose", choices=sorted(EXTRAS))
    parser.add_argument("--venv", type=Path, default=ROOT / ".venv")
    arguments = parser.parse_args()
    try:
        set_up(arguments.purpose, arguments.venv.absolute())
    except (
        SetUpError,
        front_end.FrontEndError,
        system_packages.MissingPackages,
        zeroc_ice_wheel.WheelError,
    ) as error:
        sys.exit(f"ERROR: {error}")
    except KeyboardInterrupt:
        sys.exit("\nInterrupted; call it again to go on")


if __name__ == "__main__":
    main()
