"""`omero embedded import`: files, a user and a target by name; progress and failures on the terminal."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import omero
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from ..database import Database
from ..model.bootstrap import is_empty
from ..settings import StatePaths
from .containers import Target
from .conversion import Limits
from .importing import Failure, Imported, Importer, expand, user_context
from .importing import Progress as Tell

DATABASE_URL = "omero.embedded.db.url"
MEMORY = "omero.embedded.import.memory"
SILENCE = "omero.embedded.import.silence"


@contextmanager
def opened_store(paths: StatePaths, values: Mapping[str, str]) -> Iterator[Database]:
    """The database of a state folder. Raises ValueError when the server was never started there."""
    url = values.get(DATABASE_URL)
    if not url and not (paths.root / "db.sqlite").is_file():
        raise ValueError(f"there is no store in {paths.root}: start the server first")
    database = Database(url or paths.database_url)
    try:
        check_version(database)
        yield database
    finally:
        database.close()


def check_version(database: Database) -> None:
    """Raise ValueError unless the store is that of this version of the server."""
    config = Config()
    config.set_main_option("script_location", "omero_embedded:migrations")
    with database.read() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
        if found is None or is_empty(connection):
            raise ValueError("the store is empty: start the server first")
    if found != ScriptDirectory.from_config(config).get_current_head():
        raise ValueError(f"the store has revision {found} of another version: start this server first")


def limits(values: Mapping[str, str]) -> Limits:
    """What reading one file may take, as configured. Raises ValueError naming the key."""
    usual = Limits()
    found = []
    for key, default in ((MEMORY, usual.memory), (SILENCE, usual.silence)):
        text = values.get(key, str(default))
        try:
            number = float(text)
        except ValueError:
            number = 0
        if number <= 0:
            raise ValueError(f"{key} must be a positive number, not {text!r}")
        found.append(number)
    return Limits(int(found[0]), found[1])


def target_of(dataset: str | None, project: str | None) -> Target | None:
    """The target that the options `--dataset NAME` and `--project NAME/DATASET` name. Raises ValueError."""
    if project is not None:
        name, separator, inside = project.partition("/")
        if not separator:
            raise ValueError(f"--project: {project!r} is not NAME/DATASET")
        return Target(inside, name)
    return None if dataset is None else Target(dataset)


def import_files(
    paths: StatePaths,
    values: Mapping[str, str],
    files: Sequence[str],
    *,
    dataset: str | None = None,
    project: str | None = None,
    user: str | None = None,
    group: str | None = None,
    say: Callable[[str], None] = print,
) -> int:
    """Import files and tell what became of each; returns how many failed. Raises ValueError for bad options."""
    target = target_of(dataset, project)
    allowed = limits(values)
    found = expand([Path(file) for file in files])
    if not found:
        raise ValueError("there are no image files in the given folders")
    with opened_store(paths, values) as database:
        context = user_context(database, user or "root", group)
        try:
            importer = Importer(paths, database, context, allowed)
        except omero.ServerError as error:
            raise ValueError(str(error.message)) from error
        failures = 0
        with importer, shown_progress(found) as tell:
            for result in importer.import_each(found, target, tell):
                say(told(result))
                failures += isinstance(result, Failure)
    return failures


def told(result: Imported | Failure) -> str:
    """One line about one file."""
    if isinstance(result, Failure):
        return f"not imported: {result.path}: {result.reason}"
    ids = [*(f"Plate:{row}" for row in result.plate_ids), *(f"Image:{row}" for row in result.image_ids)]
    shown = ", ".join(ids[:5]) + (f" … ({len(ids)} objects)" if len(ids) > 5 else "")
    return f"imported: {result.path}: {shown}"


@contextmanager
def shown_progress(files: Sequence[Path]) -> Iterator[Tell]:
    """A progress bar over the bytes of all files, on standard error when that is a terminal."""
    sizes = dict.fromkeys(files, 0)
    for path in files:
        with contextlib.suppress(OSError):
            sizes[path] = path.stat().st_size
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
    fractions = dict.fromkeys(files, 0.0)
    if not bar.console.is_terminal:
        yield lambda _path, _fraction: None
        return
    with bar:
        task = bar.add_task("importing", total=sum(sizes.values()))

        def tell(path: Path, fraction: float) -> None:
            fractions[path] = fraction
            completed = sum(sizes[known] * done for known, done in fractions.items())
            finished = sum(done >= 1.0 for done in fractions.values())
            bar.update(task, completed=completed, description=f"{path.name} ({finished}/{len(files)})")

        yield tell
