"""The graph of objects that a client sent: which are loaded, what they refer to, in which order they can be stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from .. import errors
from ..model.entities import MODEL, Entity, Property


@dataclass(slots=True, eq=False)
class Node:
    """One loaded object of the graph.

    `parents` names references that follow from membership in another object's loaded collection, `positions` the list
    positions that follow from it. `row` is the stored row of an existing object.
    """

    ice: Any
    entity: Entity
    parents: dict[str, Any] = field(default_factory=dict)
    positions: dict[str, int] = field(default_factory=dict)
    row: Any = None
    owner_id: int | None = None
    group_id: int | None = None
    deferred: set[str] = field(default_factory=set)

    @property
    def id(self) -> int | None:
        """Id that the client sent or the store gave; None for a new object."""
        return id_of(self.ice)

    def target(self, prop: Property) -> Any:
        """The Ice object that a to-one property refers to, or None."""
        value = getattr(self.ice, prop.field)
        return value if value is not None else self.parents.get(prop.name)


def id_of(ice: Any) -> int | None:
    """Id of an Ice object as a number."""
    value = ice._id
    return None if value is None else value.val


def references(node: Node) -> Iterator[tuple[Property, Any]]:
    """To-one properties of an object that refer to something, with their targets."""
    for prop in node.entity.properties.values():
        if prop.is_to_one:
            target = node.target(prop)
            if target is not None:
                yield prop, target


class Graph:
    """All loaded objects reachable from `roots`, in order of discovery, and the unloaded references among them."""

    def __init__(self, roots: Sequence[Any]) -> None:
        self.nodes: dict[int, Node] = {}
        self.unloaded: dict[int, Any] = {}
        stack: list[Any] = []
        for root in reversed(roots):
            if root is None:
                raise errors.api_usage("a null object cannot be saved")
            stack.append(root)
        while stack:
            ice = stack.pop()
            if id(ice) in self.nodes or id(ice) in self.unloaded:
                continue
            if not ice._loaded:
                if id_of(ice) is None:
                    raise errors.api_usage(f"an unloaded {entity_of(ice).name} without id cannot be saved")
                self.unloaded[id(ice)] = ice
                continue
            node = self.nodes[id(ice)] = Node(ice, entity_of(ice))
            stack.extend(reversed(list(_neighbours(node))))
        self._adopt_members()

    def node_of(self, ice: Any) -> Node | None:
        """The node of a loaded object."""
        return self.nodes.get(id(ice))

    def new_nodes(self) -> list[Node]:
        """Objects without id, those they refer to before them; a cycle is cut at a nullable reference."""
        ordered: list[Node] = []
        state: dict[int, bool] = {}

        def visit(node: Node) -> None:
            state[id(node)] = False
            for prop, target in references(node):
                other = self.node_of(target)
                if other is None or other.id is not None or state.get(id(other)) is True:
                    continue
                if id(other) in state:
                    if not prop.nullable:
                        raise errors.validation(
                            f"{node.entity.name}.{prop.name} is part of a circle of new objects"
                        )
                    node.deferred.add(prop.name)
                    continue
                visit(other)
            state[id(node)] = True
            ordered.append(node)

        for node in self.nodes.values():
            if node.id is None and id(node) not in state:
                visit(node)
        return ordered

    def _adopt_members(self) -> None:
        """Members of loaded collections refer to the object that holds them."""
        for node in list(self.nodes.values()):
            for prop in node.entity.properties.values():
                if not prop.is_collection or not getattr(node.ice, prop.loaded_field):
                    continue
                inverse = MODEL[prop.element].properties[str(prop.inverse)]
                for position, member in enumerate(getattr(node.ice, prop.field)):
                    child = None if member is None else self.node_of(member)
                    if child is None:
                        continue
                    child.parents.setdefault(inverse.name, node.ice)
                    if prop.index_column:
                        child.positions[prop.index_column] = position


def entity_of(ice: Any) -> Entity:
    """Entity of an Ice object. Raises ApiUsageException when it is no model object."""
    try:
        return MODEL.of_object(ice)
    except (AttributeError, KeyError):
        raise errors.api_usage(f"{type(ice).__name__} is no object of the model") from None


def _neighbours(node: Node) -> Iterable[Any]:
    if node.entity.is_enum:
        return
    for prop in node.entity.properties.values():
        if prop.is_to_one:
            target = getattr(node.ice, prop.field)
            if target is not None:
                yield target
        elif prop.is_collection and getattr(node.ice, prop.loaded_field):
            yield from (member for member in getattr(node.ice, prop.field) if member is not None)
