"""Importing files as one user into one group: each file in one transaction, one failure never stops the others.

It works on the store and the pixel folder directly, beside a running server: SQLite and PostgreSQL keep writers apart,
and pixel data appear under their id only when they are complete. Source: contract/model.md, sections 8 to 10.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import omero
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from ..accounts import load_account, load_groups
from ..database import Database
from ..model.bootstrap import repository_uuids
from ..model.entities import MODEL
from ..model.tables import table_of
from ..pixels.zarr_store import ZarrPixelStore
from ..security.context import CallContext
from ..security.rights import check_create
from ..settings import StatePaths
from ..transaction import Transaction, now, writing
from .containers import Target, check_context, dataset_id
from .conversion import Converter, ImportFailed, Limits
from .converted import ConvertedFile
from .filesets import Upload, insert_fileset
from .metadata import FileMetadata
from .plates import insert_plates
from .readers import is_known
from .repository import ManagedRepository
from .rows import ImageRows, insert_default_settings


@dataclass(frozen=True, slots=True)
class Imported:
    """What one file became: ids of its fileset, images and plates."""

    path: Path
    fileset_id: int
    image_ids: tuple[int, ...]
    plate_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that could not be imported, and why; nothing of it was kept."""

    path: Path
    reason: str


Progress = Callable[[Path, float], None]
"""Called with a file and the fraction of it that is done; 1.0 exactly once, also when it fails."""


def expand(paths: Iterable[Path]) -> list[Path]:
    """Files to import: given ones as they are, folders by their files of known formats, sorted."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(file for file in path.rglob("*") if file.is_file() and is_known(file))
        else:
            found.append(path)
    return list(dict.fromkeys(found))


def user_context(database: Database, user: str, group: str | None = None) -> CallContext:
    """The context of a user by name, in the group of that name or the default one.

    Raises ValueError naming `user` or `group` when there is none, or when the user is no member.
    """
    users = table_of("Experimenter")
    with database.read() as connection:
        user_id = connection.scalar(select(users.c.id).where(users.c.omename == user))
        account = None if user_id is None else load_account(connection, int(user_id))
        groups = load_groups(connection)
    if account is None:
        raise ValueError(f"user: there is no user {user!r}")
    group_id = account.default_group
    if group is not None:
        group_id = next((known.id for known in groups.values() if known.name == group), None)
        if group_id is None:
            raise ValueError(f"group: there is no group {group!r}")
        if group_id not in account.member_of and not account.is_admin:
            raise ValueError(f"group: {user} is no member of {group!r}")
    if group_id is None:
        raise ValueError(f"user: {user} has no default group")
    return CallContext(
        user_id=account.id,
        user_name=account.name,
        group_id=group_id,
        session_id=0,
        session_uuid="0",
        event_type="Import",
        is_admin=account.is_admin,
        privileges=account.privileges,
        member_of=account.member_of,
        leader_of=account.leader_of,
        levels={known.id: known.permissions for known in groups.values()},
    )


class Importer:
    """Imports files on behalf of the user of `context`; use it as a context manager.

    A `converter` that is given serves several importers and stays open. Raises SecurityViolation when the user may not create images in the group.
    """

    def __init__(
        self,
        paths: StatePaths,
        database: Database,
        context: CallContext,
        limits: Limits | None = None,
        *,
        converter: Converter | None = None,
    ) -> None:
        check_context(context)
        check_create(context, MODEL["Image"], context.user_id, context.group_id)
        self._database = database
        self._context = context
        self._pixels = ZarrPixelStore(paths.pixels, cache_bytes=0)
        with database.read() as connection:
            uuid = repository_uuids(connection)[paths.managed.name]
            self._group_name = load_groups(connection)[context.group_id].name
        self._repository = ManagedRepository(paths.managed, uuid)
        self._pixels.remove_leftovers()
        self._repository.remove_leftovers()
        self._owns_converter = converter is None
        self._converter = converter or Converter(limits)
        self._consumed: set[Path] = set()

    def __enter__(self) -> Importer:
        return self

    def __exit__(self, *error: object) -> None:
        if self._owns_converter:
            self._converter.close()

    def import_files(
        self, files: Sequence[Path], target: Target | None = None, progress: Progress | None = None
    ) -> list[Imported | Failure]:
        """Import files and return what became of them; see `import_each`."""
        return list(self.import_each(files, target, progress))

    def import_each(
        self, files: Sequence[Path], target: Target | None = None, progress: Progress | None = None
    ) -> Iterator[Imported | Failure]:
        """Import files into the target's dataset, or as orphans; plates go to no dataset.

        A file that belongs to one before it in the list (a further part of an OME-TIFF) is left out of the result.
        """
        tell = progress or (lambda _path, _fraction: None)
        for path in files:
            if path.resolve() in self._consumed:
                tell(path, 1.0)
                continue
            try:
                result: Imported | Failure = self._import_file(path, target, tell)
            except (ImportFailed, OSError, OverflowError, omero.ServerError, SQLAlchemyError) as error:
                result = Failure(path, _reason(error))
            tell(path, 1.0)
            yield result

    def _import_file(self, path: Path, target: Target | None, tell: Progress) -> Imported:
        if not path.is_file():
            raise ImportFailed("there is no such file" if not path.exists() else "it is no file")
        started = now()
        converted = self._converter.convert(
            path, self._pixels.root, lambda fraction: tell(path, min(fraction, 0.99))
        )
        prefix = self._repository.new_folder(self._context.user_name, self._context.user_id, started)
        incoming = self._repository.new_incoming()
        adopted: list[int] = []
        durable: list[bool] = []
        try:
            upload = self._upload(incoming, prefix, converted, started)
            with writing(self._database, self._context, event_type="Import") as transaction:
                transaction.after_commit(lambda: durable.append(True))
                imported = self._insert(transaction, path, converted, upload, target, adopted)
                self._repository.publish(incoming, prefix)
        except BaseException:
            if not durable:
                self._undo(incoming, prefix, converted, adopted)
            raise
        self._consumed.update(file.resolve() for file in converted.files)
        return imported

    def _undo(self, incoming: Path, prefix: str, converted: ConvertedFile, adopted: Sequence[int]) -> None:
        """Remove the files of an import whose rows were not committed."""
        self._repository.discard(incoming, prefix)
        for pixels_id in adopted:
            self._pixels.delete(pixels_id)
        for image in converted.images:
            self._pixels.discard(image.folder)

    def _upload(self, incoming: Path, prefix: str, converted: ConvertedFile, started: int) -> Upload:
        stored = [self._repository.store(incoming, file) for file in converted.files]
        sizes = "".join(f"{file.name} {file.size} bytes SHA-1 {file.sha1}\n" for file in stored)
        log = self._repository.write_log(
            incoming,
            prefix,
            f"import of {converted.files[0]} by {self._context.user_name} from {platform.node()}\n"
            f"format {converted.metadata.format}, {len(converted.images)} images\n{sizes}",
        )
        return Upload(prefix, self._repository.uuid, stored, log, started)

    def _insert(
        self,
        transaction: Transaction,
        path: Path,
        converted: ConvertedFile,
        upload: Upload,
        target: Target | None,
        adopted: list[int],
    ) -> Imported:
        """Insert the rows of a file and give its pixel data their ids, which are added to `adopted`."""
        metadata = converted.metadata
        fileset_id = insert_fileset(transaction, upload, self._group_name)
        rows = ImageRows(transaction, metadata, fileset_id)
        ids: list[tuple[int, int]] = []
        for series, (image, data) in enumerate(zip(metadata.images, converted.images, strict=True)):
            ids.append(rows.insert(series, image_name(path, metadata, series), image, data.measures))
        insert_default_settings(transaction, [pixels_id for _, pixels_id in ids])
        image_ids = [image_id for image_id, _ in ids]
        plate_ids = insert_plates(transaction, metadata, dict(enumerate(image_ids)))
        if target is not None:
            self._link(transaction, metadata, image_ids, target)
        for (_, pixels_id), data in zip(ids, converted.images, strict=True):
            adopted.append(pixels_id)
            self._pixels.adopt(data.folder, pixels_id)
        return Imported(path, fileset_id, tuple(image_ids), tuple(plate_ids))

    def _link(
        self, transaction: Transaction, metadata: FileMetadata, image_ids: Sequence[int], target: Target
    ) -> None:
        in_wells = {field.image for plate in metadata.plates for well in plate.wells for field in well.fields}
        free = [image_id for index, image_id in enumerate(image_ids) if index not in in_wells]
        if free:
            parent = dataset_id(transaction, target)
            transaction.insert_many(
                "DatasetImageLink", [{"parent": parent, "child": image_id} for image_id in free]
            )


def image_name(path: Path, metadata: FileMetadata, series: int) -> str:
    """The file's name; of several images also the name of the image (contract/model.md, section 8)."""
    if len(metadata.images) == 1:
        return path.name
    return f"{path.name} [{metadata.images[series].name or series}]"


def _reason(error: BaseException) -> str:
    """Why a file was not imported, in one line."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, omero.ServerError):
        return str(error.message)
    return str(error)
