"""SQLAlchemy tables, derived from the model.

One table per hierarchy root with the columns of all its subclasses and a `discriminator` that holds the simple class
name; one table per map property. Times are integer milliseconds since 1970 UTC, quantities a value and the Slice
enumerator of the unit. Source: contract/model.md, sections 1 and 14; indexes: contract/hql.md, section 5.4.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.types import TypeEngine

from .entities import MODEL, Entity, Property

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

ID = BigInteger().with_variant(Integer, "sqlite")
TEXT = Text().with_variant(Text(collation="C"), "postgresql")
_SCALARS: dict[str, TypeEngine[Any]] = {
    "string": TEXT,
    "string_list": TEXT,
    "bool": Boolean(),
    "int": Integer(),
    "long": BigInteger(),
    "double": Double(),
    "float": Double(),
    "timestamp": BigInteger(),
    "bytes": LargeBinary(),
}
"""Column type of a scalar; string lists are stored as a JSON array."""


def _key(target: str) -> ForeignKey:
    return ForeignKey(f"{target.lower()}.id", deferrable=True, initially="DEFERRED")


def _reference(name: str, target: str, *, nullable: bool = True, index: bool = True) -> Column[Any]:
    return Column(name, ID, _key(target), nullable=nullable, index=index)


def _property_columns(prop: Property, nullable: bool) -> list[Column[Any]]:
    if not prop.columns:
        return []
    if prop.kind == "quantity":
        value, unit = prop.columns
        return [Column(value, Double()), Column(unit, TEXT)]
    if prop.is_to_one:
        return [_reference(prop.column, MODEL[str(prop.target)].root, nullable=nullable)]
    return [Column(prop.column, _SCALARS[str(prop.type)], nullable=nullable, unique=prop.unique or None)]


def _system_columns(root: Entity) -> list[Column[Any]]:
    columns: list[Column[Any]] = [
        Column("id", ID, primary_key=True, autoincrement=True),
        Column("permissions", BigInteger(), nullable=False),
        _reference("external_id", "ExternalInfo", index=False),
    ]
    if len(MODEL.hierarchy(root.name)) > 1:
        columns.append(Column("discriminator", TEXT, nullable=False))
    if not root.immutable:
        columns.append(Column("version", Integer(), nullable=False, server_default=text("0")))
    if root.is_owned:
        columns += [
            _reference("owner_id", "Experimenter", nullable=False),
            _reference("group_id", "ExperimenterGroup", nullable=False),
            _reference("creation_id", "Event", nullable=False),
        ]
        if not root.immutable:
            columns.append(_reference("update_id", "Event", nullable=False))
    return columns


def _index_columns(root: Entity) -> set[str]:
    """Columns of list positions that collections of other classes keep on this table."""
    members = {entity.name for entity in MODEL.hierarchy(root.name)}
    return {
        prop.index_column
        for entity in MODEL.values()
        for prop in entity.own_properties
        if prop.is_collection and prop.index_column and prop.element in members
    }


def _table(root: Entity) -> Table:
    columns = _system_columns(root)
    seen = {column.name for column in columns}
    for entity in MODEL.hierarchy(root.name):
        for prop in entity.own_properties:
            for column in _property_columns(prop, prop.nullable or entity is not root):
                if column.name not in seen:
                    seen.add(column.name)
                    columns.append(column)
    columns += [Column(name, Integer()) for name in sorted(_index_columns(root) - seen)]
    constraints = (
        [UniqueConstraint("parent", "child", *(() if root.is_global else ("owner_id",)))]
        if root.is_link
        else []
    )
    return Table(root.name.lower(), METADATA, *columns, *constraints, sqlite_autoincrement=True)


def _map_table(entity: Entity, prop: Property) -> Table:
    name = f"{entity.name.lower()}_{prop.name.lower()}"
    return Table(
        name,
        METADATA,
        Column("owner_id", ID, _key(entity.root), primary_key=True),
        Column("position", Integer(), primary_key=True, autoincrement=False),
        Column("name", TEXT),
        Column("value", TEXT),
    )


TABLES: dict[str, Table] = {root: _table(MODEL[root]) for root in MODEL.roots}
"""Table of each hierarchy root."""

MAP_TABLES: dict[tuple[str, str], Table] = {
    (entity.name, prop.name): _map_table(entity, prop)
    for entity in MODEL.values()
    for prop in entity.own_properties
    if prop.kind == "map"
}
"""Table of each map property, by declaring class and property."""

PASSWORD = Table(
    "password",
    METADATA,
    Column("experimenter_id", ID, _key("Experimenter"), primary_key=True, autoincrement=False),
    Column("hash", TEXT),
    Column("changed", BigInteger()),
)
"""Hash per user: null locks the account, empty text accepts any password (contract/server.md, section 2.2)."""

CONFIGURATION = Table(
    "configuration", METADATA, Column("name", TEXT, primary_key=True), Column("value", TEXT, nullable=False)
)
"""Facts fixed for the life of the database, such as `omero.db.uuid`."""


def table_of(name: str) -> Table:
    """The table that holds rows of the entity called `name`."""
    return TABLES[MODEL[name].root]


def map_table_of(prop: Property) -> Table:
    """The table that holds the pairs of a map property."""
    return MAP_TABLES[prop.declared_by, prop.name]


def _add_indexes() -> None:
    for root, table in TABLES.items():
        if MODEL[root].is_link:
            Index(None, table.c.child, table.c.parent)
        if "owner_id" in table.c and root in ("Project", "Dataset", "Image", "Screen", "Plate"):
            Index(None, table.c.group_id, table.c.owner_id, table.c.id)
    for root, columns in {
        "Pixels": ("image", "image_index"),
        "Channel": ("pixels", "pixels_index"),
        "Thumbnail": ("pixels", "owner_id", "id"),
        "RenderingDef": ("pixels", "owner_id"),
        "Annotation": ("discriminator", "ns"),
        "WellSample": ("well", "well_index"),
        "Shape": ("roi", "roi_index"),
        "Event": ("time",),
        "EventLog": ("entitytype", "entityid"),
    }.items():
        Index(None, *(TABLES[root].c[name] for name in columns))
    Index(None, TABLES["Annotation"].c.ns)
    Index(None, TABLES["OriginalFile"].c.mimetype)
    Index(None, TABLES["OriginalFile"].c.hash)
    well, file = TABLES["Well"].c, TABLES["OriginalFile"].c
    Index("uq_well_position", well.plate, well.column, well.row, unique=True)
    in_repository = file.repo.is_not(None)
    Index(
        "uq_originalfile_path",
        file.repo, file.path, file.name,
        unique=True, sqlite_where=in_repository, postgresql_where=in_repository,
    )  # fmt: skip
    # The tree pages through images in the order of their names: with this index a page costs the same in a dataset of
    # any size. SQLite only: a b-tree entry of PostgreSQL is limited, and its planner sorts well enough.
    image = TABLES["Image"].c
    Index("ix_image_lower_name", func.lower(image.name), image.id).ddl_if(dialect="sqlite")
    long_texts = [TABLES["Annotation"].c.textvalue, *(table.c.value for table in MAP_TABLES.values())]
    for column in long_texts:
        name = f"ix_{column.table.name}_{column.name}"
        # A b-tree entry of PostgreSQL is limited to 2.7 kB and texts are not: a hash index serves equality there.
        Index(f"{name}_tree", column).ddl_if(dialect="sqlite")
        Index(f"{name}_hash", column, postgresql_using="hash").ddl_if(dialect="postgresql")
    for table in MAP_TABLES.values():
        Index(None, table.c.name)


_add_indexes()
