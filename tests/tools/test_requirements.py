"""What the shipped code imports is what setup.py asks for."""

import ast
import re
import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = (
    "omeroweb",
    "webclient",
    "webadmin",
    "webgateway",
    "omero_rendering",
    "omero_embedded",
    "omero/plugins",
)
# Used where it is installed; the code goes on without.
OPTIONAL = {"gevent", "skimage", "stardist", "psycopg", "django_redis", "redis", "numba", "isapi"}
OURS = {"omeroweb", "omero_rendering", "omero_embedded"}
# Modules of omero-py and zeroc-ice that stand beside their packages, or are made by them at run time.
OF_OMERO_PY = {"omero", "omero_version", "omero_ext", "omero_sys_ParametersI", "path"}
OF_ZEROC_ICE = {"Ice", "IceImport", "IcePy", "Glacier2"}


def imported_modules() -> dict[str, Path]:
    """Top-level name of every imported module, with a file that imports it."""
    found: dict[str, Path] = {}
    for folder in SHIPPED:
        for file in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                names = []
                if isinstance(node, ast.Import):
                    names = [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                    names = [node.module]
                for name in names:
                    found.setdefault(name.partition(".")[0], file)
    return found


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def required_distributions() -> set[str]:
    """Distributions that `pip install omero-web` brings in any case."""
    lines = metadata.requires("omero-web") or []
    return {canonical(re.split(r"[^\w.-]", line)[0]) for line in lines if "extra ==" not in line}


def test_every_import_is_required_by_the_distribution() -> None:
    distributions = metadata.packages_distributions()
    required = required_distributions()
    missing = {}
    for module, file in imported_modules().items():
        if module in sys.stdlib_module_names | OPTIONAL | OURS | OF_OMERO_PY | OF_ZEROC_ICE:
            continue
        owners = {canonical(name) for name in distributions.get(module, [])}
        if not owners & required:
            missing[module] = str(file.relative_to(ROOT))
    assert not missing, f"not in setup.py: {missing}"
