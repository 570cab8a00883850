"""`make lint`: formatting, style, types and import rules. Runs with the Python of the virtual environment.

mypy and import-linter read packages from folders, and the apps stand at the top of the tree while their import names are
`omeroweb.<app>`; so both look at a tree of symbolic links that is laid out like an installed wheel.
"""

from __future__ import annotations

import graphlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TREE = ROOT / "build" / "lint"
APPS = ("webclient", "webadmin", "webgateway")
PACKAGES = ("omeroweb", "omero_rendering", "omero_embedded")


def lay_out(tree: Path) -> None:
    """Make the tree of links anew."""
    shutil.rmtree(tree, ignore_errors=True)
    (tree / "omeroweb").mkdir(parents=True)
    for entry in sorted((ROOT / "omeroweb").iterdir()):
        if entry.name != "__pycache__":
            (tree / "omeroweb" / entry.name).symlink_to(entry)
    for app in APPS:
        (tree / "omeroweb" / app).symlink_to(ROOT / app)
    for package in PACKAGES[1:]:
        (tree / package).symlink_to(ROOT / package)


def in_the_checkout(text: str) -> str:
    """Name files as they stand in the checkout."""
    for app in APPS:
        text = text.replace(f"build/lint/omeroweb/{app}/", f"{app}/")
    return text.replace("build/lint/", "")


def check(title: str, *command: str, folder: Path = ROOT) -> bool:
    """Run one tool in `folder` and show what it says; false when it found something."""
    print(f"== {title}", flush=True)
    environment = {**os.environ, "MYPYPATH": os.pathsep.join([str(TREE), str(ROOT / "tools")])}
    result = subprocess.run(
        [str(Path(sys.executable).parent / command[0]), *command[1:]],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    print(in_the_checkout(result.stdout).rstrip(), flush=True)
    return result.returncode == 0


def check_circles() -> bool:
    """No module imports itself by way of others; imports for type checkers do not count."""
    print("== circles", flush=True)
    sys.path.insert(0, str(TREE))
    import grimp
    import grimp.exceptions

    try:
        graph = grimp.build_graph(*PACKAGES, exclude_type_checking_imports=True, cache_dir=None)
    except grimp.exceptions.SourceSyntaxError as error:
        print(in_the_checkout(str(error)))
        return False
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    found = False
    while True:
        try:
            graphlib.TopologicalSorter(imports).prepare()
        except graphlib.CycleError as error:
            found = True
            circle = error.args[1]
            print(" -> ".join(reversed(circle)))
            # Each module of the circle is named in it as imported by the next one.
            imports[circle[1]] = imports[circle[1]] - {circle[0]}
        else:
            break
    print("circles found" if found else "none")
    return not found


def main() -> None:
    lay_out(TREE)
    mypy = [argument for package in PACKAGES for argument in ("-p", package)]
    passed = [
        check("format", "ruff", "format", "--check", "."),
        check("style", "ruff", "check", "."),
        check("types", "mypy", *mypy),
        check("types of the tools", "mypy", "tools"),
        check(
            "import rules",
            "lint-imports",
            "--no-logo",
            "--no-cache",
            "--config",
            str(ROOT / "pyproject.toml"),
            folder=TREE,
        ),
        check_circles(),
    ]
    if not all(passed):
        sys.exit("lint: problems, see above")
    print("lint: no problems")


if __name__ == "__main__":
    main()
