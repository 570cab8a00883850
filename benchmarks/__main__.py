"""`make bench`: run the benchmarks one after the other, or those named: `python -m benchmarks rendering_tile`.

Each is run as a program of its own, since what one leaves in memory would disturb the next.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def main() -> None:
    known = sorted(file.stem for file in FOLDER.glob("[!_]*.py"))
    wanted = sys.argv[1:] or known
    unknown = [name for name in wanted if name not in known]
    if unknown:
        sys.exit(f"ERROR: no such benchmark: {', '.join(unknown)}; there are {', '.join(known)}")
    failed = []
    for number, name in enumerate(wanted, 1):
        print(f"== {name} ({number} of {len(wanted)})", flush=True)
        program = [sys.executable, "-m", f"benchmarks.{name}"]
        if subprocess.run(program, cwd=FOLDER.parent, stdin=subprocess.DEVNULL).returncode:
            failed.append(name)
    if failed:
        sys.exit(f"ERROR: failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
