"""The OMERO model as data: entities and their properties.

Everything that depends on the model (tables, HQL, Ice objects, saving, graph rules) is derived from `MODEL`.
Source: contract/model.md, sections 1 and 2; `model.json` beside this module.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

TO_ONE = ("enum", "reference")
COLLECTIONS = ("collection", "ordered_collection", "link_collection")


@dataclass(frozen=True, slots=True)
class Property:
    """One property of an entity (contract/model.md, section 1.3).

    `columns` names the table columns that hold it: one for scalars and to-one references, two (value, unit) for
    quantities, none for collections and maps. `declared_by` is the class that declares it.
    """

    name: str
    kind: str
    declared_by: str
    nullable: bool
    type: str | None = None
    target: str | None = None
    link: str | None = None
    inverse: str | None = None
    far_end: str | None = None
    columns: tuple[str, ...] = ()
    index_column: str | None = None
    unit_type: str | None = None
    unit_enum: str | None = None
    check: str | None = None
    unique: bool = False
    masked: Mapping[str, Any] | None = None
    always_loaded: bool = False
    updatable: bool = True
    transient: bool = False
    ordered: bool = False
    count_map: str | None = None
    default: Any = None

    @property
    def is_to_one(self) -> bool:
        """A reference to one other entity, enumerations included."""
        return self.kind in TO_ONE

    @property
    def is_collection(self) -> bool:
        """A list or set of entities, links included."""
        return self.kind in COLLECTIONS

    @property
    def column(self) -> str:
        """The only column of a scalar or a to-one reference."""
        (name,) = self.columns
        return name

    @property
    def field(self) -> str:
        """Attribute of the Ice object: `_name`, or `_nameSeq` for a collection."""
        return f"_{self.name}Seq" if self.is_collection else f"_{self.name}"

    @property
    def loaded_field(self) -> str:
        """Attribute that says whether a collection is loaded."""
        return f"_{self.name}Loaded"

    @property
    def element(self) -> str:
        """Entity that a collection holds: the link class of a link collection, else the target."""
        name = self.link or self.target
        if name is None:
            raise ValueError(f"{self.declared_by}.{self.name} holds no entities")
        return name


@dataclass(frozen=True, slots=True)
class Entity:
    """One class of the model (contract/model.md, sections 1.2 and 1.5).

    `properties` holds inherited ones too, in order of declaration; `subclasses` every class below, at any depth.
    """

    name: str
    fqn: str
    root: str
    kind: str
    superclass: str | None
    subclasses: tuple[str, ...]
    abstract: bool
    is_global: bool
    immutable: bool
    annotated: bool
    unique: tuple[tuple[str, ...], ...]
    own_properties: tuple[Property, ...]
    properties: Mapping[str, Property] = field(hash=False)

    @property
    def is_owned(self) -> bool:
        """Rows have an owner, a group and a creation event."""
        return not self.is_global

    @property
    def is_enum(self) -> bool:
        """An enumeration: one string property `value`."""
        return self.kind == "enum"

    @property
    def is_link(self) -> bool:
        """A link class with the two ends `parent` and `child`."""
        return self.kind in ("link", "annotation_link")

    @property
    def is_annotation_link(self) -> bool:
        """A link from an annotated object to an annotation."""
        return self.kind == "annotation_link"

    @property
    def concrete(self) -> tuple[str, ...]:
        """This class and its subclasses, without the abstract ones."""
        return tuple(name for name in (self.name, *self.subclasses) if not MODEL[name].abstract)

    def is_a(self, name: str) -> bool:
        """True when this class is `name` or one of its subclasses."""
        return self.name == name or self.name in MODEL[name].subclasses


class Model(Mapping[str, Entity]):
    """All entities by simple name."""

    def __init__(self, entities: Mapping[str, Entity]) -> None:
        self._entities = dict(entities)
        self._by_fqn = {entity.fqn: entity for entity in entities.values()}
        self._of_root: dict[str, tuple[Entity, ...]] = {}
        for entity in entities.values():
            self._of_root[entity.root] = (*self._of_root.get(entity.root, ()), entity)

    def __getitem__(self, name: str) -> Entity:
        return self._entities[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entities)

    def __len__(self) -> int:
        return len(self._entities)

    def find(self, name: str) -> Entity | None:
        """The entity called `Image`, `ImageI`, `ome.model.core.Image`, `omero.model.ImageI` or `::omero::model::Image`.

        omero-py's gateway sends the class names of its Ice objects (`ImageI`) to IQuery.get.
        """
        if name in self._entities:
            return self._entities[name]
        if name in self._by_fqn:
            return self._by_fqn[name]
        for prefix in ("omero.model.", "::omero::model::"):
            if name.startswith(prefix):
                short = name[len(prefix) :]
                return self._entities.get(short) or self._entities.get(short.removesuffix("I"))
        return self._entities.get(name.removesuffix("I"))

    def hierarchy(self, root: str) -> tuple[Entity, ...]:
        """All classes that share the table of `root`, the root first."""
        return self._of_root[root]

    def of_object(self, ice_object: Any) -> Entity:
        """The entity of an Ice model object. Raises KeyError when it is none."""
        return self._entities[ice_object.ice_id().rpartition("::")[2]]

    @property
    def roots(self) -> tuple[str, ...]:
        """Names of the hierarchy roots, one table each."""
        return tuple(self._of_root)


def ice_class(name: str) -> Any:
    """The class `omero.model.<name>I` to instantiate; abstract entities have none (AttributeError)."""
    return _ice_class(name)


@cache
def _ice_class(name: str) -> Any:
    import omero.model

    return getattr(omero.model, f"{name}I")


def _clashing_columns(entities: Mapping[str, Any]) -> set[tuple[str, str]]:
    """(root, column) pairs that subclasses of one hierarchy use for references to different targets."""
    targets: dict[tuple[str, str], set[str]] = {}
    for entity in entities.values():
        for prop in entity["properties"]:
            if prop["kind"] in TO_ONE:
                targets.setdefault((entity["root"], prop["column"]), set()).add(prop["target"])
    return {key for key, names in targets.items() if len(names) > 1}


def _property(entity: Mapping[str, Any], prop: Mapping[str, Any], clashing: set[tuple[str, str]]) -> Property:
    columns: tuple[str, ...] = ()
    if prop["kind"] == "quantity":
        columns = tuple(prop["columns"])
    elif prop["kind"] in ("scalar", *TO_ONE):
        column = prop["column"]
        if (entity["root"], column) in clashing:
            column = f"{entity['name'].lower()}_{column}"
        columns = (column,)
    return Property(
        name=prop["name"],
        kind=prop["kind"],
        declared_by=entity["name"],
        nullable=prop["nullable"],
        type=prop.get("type"),
        target=prop.get("target"),
        link=prop.get("link"),
        inverse=prop.get("inverse"),
        far_end=prop.get("far_end"),
        columns=columns,
        index_column=prop.get("index_column"),
        unit_type=prop.get("unit_type"),
        unit_enum=prop.get("unit_enum"),
        check=prop.get("check"),
        unique=prop.get("unique", False),
        masked=prop.get("masked"),
        always_loaded=prop.get("always_loaded", False),
        updatable=prop.get("updatable", True),
        transient=prop.get("transient", False),
        ordered=prop["kind"] == "ordered_collection" or prop.get("ordered", False),
        count_map=prop.get("count_map"),
        default=prop.get("db_default"),
    )


def _load() -> Model:
    document = json.loads(resources.files(__package__).joinpath("model.json").read_text(encoding="utf-8"))
    raw = document["entities"]
    clashing = _clashing_columns(raw)
    own = {
        name: tuple(_property(entity, p, clashing) for p in entity["properties"])
        for name, entity in raw.items()
    }

    def inherited(name: str) -> dict[str, Property]:
        above = raw[name].get("superclass")
        return {**(inherited(above) if above else {}), **{p.name: p for p in own[name]}}

    return Model(
        {
            name: Entity(
                name=name,
                fqn=entity["fqn"],
                root=entity["root"],
                kind=entity["kind"],
                superclass=entity.get("superclass"),
                subclasses=tuple(entity.get("subclasses", ())),
                abstract=entity.get("abstract", False),
                is_global=raw[entity["root"]].get("global", False),
                immutable=raw[entity["root"]].get("immutable", False),
                annotated=entity.get("annotated", False),
                unique=tuple(tuple(key) for key in entity.get("unique", ())),
                own_properties=own[name],
                properties=inherited(name),
            )
            for name, entity in raw.items()
        }
    )


MODEL = _load()
