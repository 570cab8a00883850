"""Distribution `omero-web`: OMERO.web and an embedded OMERO server.

The apps stand at the top of the tree and are installed below `omeroweb`; `templates/` and `static/` become its package
data. The command-line plug-ins go into omero-py's package folder `omero/plugins`, where the `omero` command looks.
"""

import runpy
import shutil
import sys
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py
from setuptools.command.editable_wheel import editable_wheel

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT / "tools"))

import front_end  # noqa: E402

VERSION = runpy.run_path(str(ROOT / "omeroweb" / "version.py"))["omeroweb_version"]
APPS = ("webclient", "webadmin", "webgateway")
RESOURCES = ("templates", "static")

REQUIRED = [
    # the server's clients
    "omero-py>=5.23,<6",
    "omero-marshal>=0.9,<1",
    "zombie-imp; python_version >= '3.12'",  # zeroc-ice imports the module that Python 3.12 dropped
    # the web site
    "Django>=5.2,<5.3",
    "gunicorn>=25.1",
    "whitenoise>=6.7,<7",
    "python-memcached>=1.62,<2",
    "django-pipeline>=4.0,<5",
    "concurrent-log-handler>=0.9.25,<1",
    "portalocker>=2.10",
    "flup>=1.0.3,<2",
    "requests>=2.31,<3",
    "future>=1.0",
    "setuptools; python_version >= '3.12'",
    # rendering
    "numpy>=2.0,<3",
    "Pillow>=10.4",
    # the embedded server
    "SQLAlchemy>=2.0,<2.2",
    "alembic>=1.13,<2",
    "cryptography>=43",
    "argon2-cffi>=23.1",
    "tensorstore>=0.1.64,<0.2",
    "tifffile>=2024.8.10",
    "imagecodecs>=2024.6.1",
    "rich>=13",
    "omero-scripts>=5.8,<6",
    "tables>=3.10,<4",
    "h5py>=3.12,<4",
]
EXTRAS = {
    "fast": ["numba>=0.61,<1"],
    "redis": ["django-redis>=5.4", "redis>=5"],
    "postgresql": ["psycopg[binary]>=3.2,<4"],
    "samples": ["scikit-image>=0.24", "stardist>=0.9"],
    "test": [
        "pytest>=8.3",
        "pytest-timeout>=2.3",
        "pytest-django>=4.9",
        "omero-cli-duplicate>=0.4",
        "hypothesis>=6.112",
        "zarr>=3,<4",
        "selenium>=4.25,<5",
        "psutil>=6",
        "coverage[toml]>=7.6",
        "import-linter>=2.16",
        "mypy>=1.13",
        "ruff>=0.8",
        "django-stubs>=5.1",
        "types-PyYAML",
        "types-requests",
        # clients that tests/clients run against the embedded server
        "ezomero==3.2.3",
        "omero-rois==0.4.1",
        "omero-metadata==0.14.0",
        "omero-cli-render==0.8.1",
        "omero-cli-transfer==1.3.2",
        "omero-cli-duplicate==0.4.0",
        "omero2pandas==0.4.2",
        "omero-web[fast,postgresql,redis,samples]",
    ],
}


class BuildWithResources(build_py):
    """Package `templates/` and `static/` as data of `omeroweb`, whatever they hold when the wheel is built.

    setuptools reads package data below packages only, and these two folders hold no Python. Python's own byte-compiled
    files are left out. Libraries of the pages are fetched from npm unless they are there.
    """

    def run(self) -> None:
        if self.editable_mode:
            super().run()
            return
        # A module that was removed since the last build must not come back.
        shutil.rmtree(self.build_lib, ignore_errors=True)
        super().run()
        if not (ROOT / "static" / "vendor" / "fingerprint").exists():
            front_end.provide()
        for folder in RESOURCES:
            for source in sorted((ROOT / folder).rglob("*")):
                if source.is_file() and "__pycache__" not in source.parts:
                    target = Path(self.build_lib) / "omeroweb" / source.relative_to(ROOT)
                    self.mkpath(str(target.parent))
                    self.copy_file(str(source), str(target))


class EditableFromRoot(editable_wheel):
    """Put the root of the checkout on `sys.path`.

    The `omero` command looks for `omero/plugins` in every folder of `sys.path`, so an import hook (setuptools' default
    for mapped folders) would hide the plug-ins from it. Leaving the mapped folders out makes setuptools write a path
    entry instead; `omeroweb/__init__.py` finds the apps by itself.
    """

    def finalize_options(self) -> None:
        self.distribution.packages = [name for name in NAMES if not name.startswith(tuple(FOLDERS))]
        self.distribution.package_dir = {"": "."}
        super().finalize_options()


def packages() -> tuple[list[str], dict[str, str]]:
    """Names of all packages, and the folders of those that are not where their name says."""
    names = find_packages(
        str(ROOT), include=["omeroweb", "omeroweb.*", "omero_rendering*", "omero_embedded*"]
    )
    folders = {}
    for app in APPS:
        inside = [app, *(f"{app}.{name}" for name in find_packages(str(ROOT / app)))]
        names += [f"omeroweb.{name}" for name in inside]
        folders[f"omeroweb.{app}"] = app
    return [*names, "omero.plugins"], folders


NAMES, FOLDERS = packages()

setup(
    name="omero-web",
    version=VERSION,
    description="OMERO.web: browse, view and annotate microscopy images, with an OMERO server of its own",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="GPL-2.0-or-later",
    license_files=["LICENSE"],
    python_requires=">=3.10,<3.13",
    packages=NAMES,
    package_dir=FOLDERS,
    package_data={
        "": ["py.typed", "*.json", "*.mako", "*.ini", "*.sql", "*.lut"],
        "omeroweb": ["**/*.template", "**/*.html"],
    },
    install_requires=REQUIRED,
    extras_require=EXTRAS,
    zip_safe=False,
    cmdclass={"build_py": BuildWithResources, "editable_wheel": EditableFromRoot},
    classifiers=[
        "Environment :: Web Environment",
        "Framework :: Django :: 5.2",
        "Intended Audience :: Science/Research",
        "Programming Language :: Python :: 3.10",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Topic :: Scientific/Engineering :: Visualization",
    ],
)
