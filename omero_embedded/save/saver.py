"""The save algorithm: insert what is new, merge what is known, check every right.

Source: contract/server.md, sections 2.4, 2.11 and 3.6; contract/model.md, sections 1.3 and 13.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from omero.rtypes import rint, rlong
from sqlalchemy import select

from .. import errors
from ..model.details import DetailsBuilder, repository_kind
from ..model.entities import MODEL, Entity
from ..model.tables import map_table_of, table_of
from ..security import rights as security
from ..security.context import ALL_GROUPS, SYSTEM_GROUP, USER_GROUP
from ..transaction import Transaction
from .graph import Graph, Node, entity_of, id_of, references
from .values import check_file_name, plain_values, same, stored_value

PRIVILEGED_TYPES = frozenset(
    {"Experimenter", "ExperimenterGroup", "GroupExperimenterMap", "Session", "Share", "ShareMember", "Node", "Event",
     "EventLog", "DBPatch"}
)  # fmt: skip
"""Types that only services of their own create (contract/server.md, section 3.6)."""

_CHUNK = 500


class Saver:
    """Saves graphs of Ice objects within one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction
        self._context = transaction.context
        self._everywhere = replace(transaction.context, group_id=ALL_GROUPS)
        self._rows: dict[tuple[str, int], Mapping[str, Any]] = {}

    def save(self, roots: Sequence[Any], *, insert_only: bool = False) -> list[int]:
        """Store `roots` and all that is loaded behind them, and return the ids of the roots in order.

        The objects are completed in place: id, version, details. With `insert_only` an object that has an id is refused.
        """
        graph = Graph(roots)
        if insert_only and any(node.id is not None for node in map(graph.node_of, roots) if node is not None):
            raise errors.api_usage("objects with an id cannot be inserted")
        self._resolve_enumerations(graph)
        self._load_rows(graph)
        self._place(graph)
        self._insert(graph)
        for node in graph.nodes.values():
            if node.row is not None:
                self._merge(graph, node)
        self._complete(graph)
        return [int(id_of(root) or 0) for root in roots]

    # -- what the graph refers to ---------------------------------------------------------------------------------

    def _resolve_enumerations(self, graph: Graph) -> None:
        """Enumerations without id are found by their value."""
        for node in graph.nodes.values():
            if not node.entity.is_enum or node.id is not None:
                continue
            value = None if node.ice._value is None else node.ice._value.val
            table = table_of(node.entity.name)
            found = self._tx.connection.scalar(select(table.c.id).where(table.c.value == value))
            if found is not None:
                node.ice._id = rlong(found)
            elif not self._context.is_admin:
                raise errors.validation(f"{node.entity.name} has no entry {value!r}")

    def _load_rows(self, graph: Graph) -> None:
        """Read every existing object that the graph holds or refers to; all must exist and be readable."""
        wanted: dict[str, set[int]] = defaultdict(set)
        existing = [node.ice for node in graph.nodes.values() if node.id is not None]
        for ice in (*existing, *graph.unloaded.values()):
            wanted[entity_of(ice).root].add(int(id_of(ice) or 0))
        for root, ids in wanted.items():
            self._load(root, sorted(ids))
        for node in graph.nodes.values():
            if node.id is not None:
                node.row = self._row(node.entity, node.id)
                node.owner_id, node.group_id = node.row.get("owner_id"), node.row.get("group_id")
        for ice in graph.unloaded.values():
            self._row(entity_of(ice), int(id_of(ice) or 0))

    def _load(self, root: str, ids: Sequence[int]) -> None:
        table = table_of(root)
        for start in range(0, len(ids), _CHUNK):
            statement = select(table).where(table.c.id.in_(ids[start : start + _CHUNK]))
            for row in self._tx.connection.execute(statement).mappings():
                self._rows[root, row["id"]] = dict(row)

    def _row(self, entity: Entity, row_id: int) -> Mapping[str, Any]:
        row = self._rows.get((entity.root, row_id))
        if row is None or (
            not entity.abstract and not MODEL[row.get("discriminator", entity.name)].is_a(entity.name)
        ):
            raise errors.validation(f"{entity.name}:{row_id} does not exist")
        if entity.is_owned and not self._everywhere.can_read(row["owner_id"], row["group_id"]):
            raise errors.security(f"Cannot read {entity.name}:{row_id}")
        return row

    # -- new objects ----------------------------------------------------------------------------------------------

    def _place(self, graph: Graph) -> None:
        """Decide owner and group of every new object."""
        new = [node for node in graph.nodes.values() if node.id is None and node.entity.is_owned]
        if not new:
            return
        default = self._context.group_id
        for node in new:
            details = node.ice._details
            owner = None if details is None or details._owner is None else id_of(details._owner)
            group = None if details is None or details._group is None else id_of(details._group)
            node.owner_id = self._context.user_id if owner is None else owner
            if group is None:
                if default < 0:
                    default = self._common_group(graph)
                group = default
            elif group != self._context.group_id:
                self._check_group(node, group)
            node.group_id = group
            security.check_create(self._context, node.entity, node.owner_id, group)
            permissions = None if details is None else details._permissions
            if permissions is not None and permissions._perm1 != self._context.level(group):
                raise errors.permission_mismatch(
                    f"permissions of a new {node.entity.name} cannot differ from those of group {group}"
                )

    def _check_group(self, node: Node, group: int) -> None:
        if group not in self._context.levels:
            raise errors.validation(f"ExperimenterGroup:{group} does not exist")
        if group == USER_GROUP and self._context.is_admin:
            return
        if self._context.group_id >= 0 or not (self._context.is_member(group) or self._context.is_admin):
            raise errors.security(
                f"a {node.entity.name} cannot be created in group {group} from this context"
            )

    def _common_group(self, graph: Graph) -> int:
        """In the all-groups context the linked objects decide; they must agree."""
        groups = {
            row["group_id"]
            for (root, _), row in self._rows.items()
            if MODEL[root].is_owned and row["group_id"] not in (SYSTEM_GROUP, USER_GROUP)
        }
        for node in graph.nodes.values():
            details = node.ice._details
            if node.id is None and details is not None and details._group is not None:
                groups.add(id_of(details._group))
        if len(groups) != 1:
            raise errors.security("a group must be named to create objects in: omero.group is -1")
        return int(groups.pop())

    def _insert(self, graph: Graph) -> None:
        """Insert new objects, level by level, many rows of one class in one statement."""
        depth: dict[int, int] = {}
        levels: dict[tuple[int, str], list[Node]] = defaultdict(list)
        for node in graph.new_nodes():
            self._check_insertable(node)
            behind = [
                depth[id(other)]
                for prop, target in references(node)
                if prop.name not in node.deferred
                and (other := graph.node_of(target)) is not None
                and id(other) in depth
            ]
            depth[id(node)] = 1 + max(behind, default=0)
            levels[depth[id(node)], node.entity.name].append(node)
        for level in sorted(levels, key=lambda key: key[0]):
            nodes = levels[level]
            ids = self._tx.insert_many(level[1], [self._new_row(graph, node) for node in nodes])
            for node, row_id in zip(nodes, ids, strict=True):
                node.ice._id = rlong(row_id)
        for nodes in levels.values():
            for node in nodes:
                for name in node.deferred:
                    target = node.target(node.entity.properties[name])
                    self._tx.update(node.entity.name, int(node.id or 0), {name: id_of(target)})

    def _check_insertable(self, node: Node) -> None:
        entity = node.entity
        if entity.is_owned:
            return
        if entity.name in PRIVILEGED_TYPES or not self._context.is_admin:
            raise errors.security(f"a {entity.name} cannot be created here")

    def _new_row(self, graph: Graph, node: Node) -> dict[str, Any]:
        entity = node.entity
        values = plain_values(node)
        if entity.name == "OriginalFile":
            if values.get("repo") is not None:
                raise errors.security("OriginalFile.repo is set by the server only")
            if not self._context.is_admin:
                check_file_name(entity, values)
        for prop, target in references(node):
            if prop.name in node.deferred:
                continue
            values[prop.name] = id_of(target)
            self._check_reference(graph, node, target)
        self._check_folder(entity, node.id, values.get("parentFolder"))
        if entity.is_owned:
            values |= {"owner_id": node.owner_id, "group_id": node.group_id}
        external = None if node.ice._details is None else node.ice._details._externalInfo
        if external is not None:
            values["external_id"] = self._external_info(external, node)
        values |= node.positions
        for prop in entity.properties.values():
            if prop.is_to_one and prop.index_column and prop.index_column not in node.positions:
                values[prop.index_column] = self._free_position(entity, prop.name, values.get(prop.name))
        if values.get("ns") and entity.root == "Annotation":
            self._register_namespace(values["ns"])
        return values

    def _external_info(self, external: Any, node: Node) -> int:
        if id_of(external) is not None:
            return int(id_of(external) or 0)
        info = Node(external, MODEL["ExternalInfo"])
        external_id = self._tx.insert(
            "ExternalInfo", plain_values(info), owner=node.owner_id, group=node.group_id
        )
        external._id = rlong(external_id)
        return external_id

    def _free_position(self, entity: Entity, reference: str, owner_id: int | None) -> int:
        """A member saved without its list goes to the end of it."""
        if owner_id is None:
            return 0
        for holder in MODEL[str(entity.properties[reference].target)].properties.values():
            fits = holder.is_collection and holder.inverse == reference and entity.is_a(holder.element)
            if fits and holder.index_column:
                return self._tx.next_position(entity.name, holder, owner_id)
        return 0

    def _register_namespace(self, name: str) -> None:
        table = table_of("Namespace")
        if self._tx.connection.scalar(select(table.c.id).where(table.c.name == name)) is None:
            self._tx.insert("Namespace", {"name": name})

    def _check_folder(self, entity: Entity, folder_id: int | None, parent_id: int | None) -> None:
        """Folders may not contain themselves."""
        if entity.name != "Folder" or folder_id is None:
            return
        table = table_of("Folder")
        while parent_id is not None:
            if parent_id == folder_id:
                raise errors.validation(f"Folder:{folder_id} would be its own ancestor")
            parent_id = self._tx.connection.scalar(
                select(table.c.parentfolder).where(table.c.id == parent_id)
            )

    def _check_reference(self, graph: Graph, node: Node, target: Any) -> None:
        """The right to let an object refer to another one."""
        if not node.entity.is_owned:
            return
        other = graph.node_of(target)
        entity = entity_of(target)
        if other is not None:
            owner, group = other.owner_id, other.group_id
        else:
            row = self._row(entity, int(id_of(target) or 0))
            owner, group = row.get("owner_id"), row.get("group_id")
        assert node.owner_id is not None
        assert node.group_id is not None
        security.check_link(self._context, node.entity, node.owner_id, node.group_id, entity, owner, group)

    # -- known objects --------------------------------------------------------------------------------------------

    def _merge(self, graph: Graph, node: Node) -> None:
        """Replace what differs from the stored row; nothing is written when nothing differs."""
        changes = self._changes(graph, node)
        if not changes:
            return
        entity, row = node.entity, node.row
        self._check_edit(node)
        self._check_fresh(node)
        if "ns" in changes and entity.root == "Annotation" and changes["ns"]:
            self._register_namespace(changes["ns"])
        if not self._context.is_admin:
            check_file_name(entity, changes)
        self._check_folder(entity, row["id"], changes.get("parentFolder"))
        self._tx.update(entity.name, row["id"], changes)
        self._rows.pop((entity.root, row["id"]))
        self._load(entity.root, [row["id"]])
        node.row = self._rows[entity.root, row["id"]]

    def _changes(self, graph: Graph, node: Node) -> dict[str, Any]:
        entity, row = node.entity, node.row
        if entity.immutable:
            return {}
        sent = plain_values(node)
        changes: dict[str, Any] = {}
        for prop in entity.properties.values():
            if prop.kind == "map":
                if self._stored_pairs(prop, row["id"]) != sent[prop.name]:
                    changes[prop.name] = sent[prop.name]
            elif prop.is_to_one:
                target = node.target(prop)
                if id_of(target) != row[prop.column] if target is not None else row[prop.column] is not None:
                    changes[prop.name] = None if target is None else id_of(target)
                    if target is not None:
                        self._check_reference(graph, node, target)
            elif prop.columns and prop.updatable and not prop.transient and not _kept(entity, prop.name):
                stored = stored_value(row, prop)
                if not same(stored, sent[prop.name]) and not (
                    sent[prop.name] is None and prop.default == stored
                ):
                    changes[prop.name] = sent[prop.name]
        changes |= {column: place for column, place in node.positions.items() if row[column] != place}
        return changes | self._changed_details(node)

    def _stored_pairs(self, prop: Any, owner_id: int) -> list[tuple[Any, Any]]:
        pairs = map_table_of(prop)
        statement = (
            select(pairs.c.name, pairs.c.value).where(pairs.c.owner_id == owner_id).order_by(pairs.c.position)
        )
        return [(row.name, row.value) for row in self._tx.connection.execute(statement)]

    def _changed_details(self, node: Node) -> dict[str, Any]:
        details, row = node.ice._details, node.row
        if details is None:
            return {}
        changes: dict[str, Any] = {}
        external = details._externalInfo
        if external is not None and (id_of(external) is None or id_of(external) != row["external_id"]):
            changes["external_id"] = self._external_info(external, node)
        if not node.entity.is_owned:
            return changes
        owner = None if details._owner is None else id_of(details._owner)
        if owner is not None and owner != row["owner_id"]:
            if not (self._context.has("Chown") or self._context.leads(row["group_id"])):
                raise errors.security(f"the owner of {node.entity.name}:{row['id']} cannot be changed")
            changes["owner_id"] = owner
        group = None if details._group is None else id_of(details._group)
        if group is not None and group != row["group_id"]:
            if not (self._context.has("Chgrp") or self._context.is_member(group)):
                raise errors.security(f"{node.entity.name}:{row['id']} cannot be moved to group {group}")
            changes |= {"group_id": group, "permissions": self._context.level(group)}
        created = None if details._creationEvent is None else id_of(details._creationEvent)
        if created is not None and created != row["creation_id"]:
            raise errors.security(f"the creation event of {node.entity.name}:{row['id']} cannot be changed")
        return changes

    def _check_edit(self, node: Node) -> None:
        entity, row = node.entity, node.row
        name = f"{entity.name}:{row['id']}"
        group = node.group_id
        if (
            group is not None
            and self._context.group_id >= 0
            and group not in (self._context.group_id, USER_GROUP)
        ):
            raise errors.security(f"{name} is not in group {self._context.group_id}")
        may = security.rights(
            self._context,
            entity,
            node.owner_id,
            group,
            repository=repository_kind(row.get("repo")) if entity.name == "OriginalFile" else None,
            is_directory=entity.name == "OriginalFile" and row["mimetype"] == "Directory",
        )
        if not may.edit or (entity.is_global and not self._context.is_admin):
            raise errors.security(f"{name} cannot be edited by user {self._context.user_name}")

    def _check_fresh(self, node: Node) -> None:
        """What the client read must be what is stored."""
        ice, row = node.ice, node.row
        version = None if ice._version is None else ice._version.val
        event = (
            None
            if ice._details is None or ice._details._updateEvent is None
            else id_of(ice._details._updateEvent)
        )
        stale = (version is not None and version != row["version"]) or (
            event is not None and "update_id" in row and event != row["update_id"]
        )
        if stale:
            raise errors.optimistic_lock(f"{node.entity.name}:{row['id']} was changed since it was read")

    # -- what goes back -------------------------------------------------------------------------------------------

    def _complete(self, graph: Graph) -> None:
        """Give every loaded object its id, version and details."""
        fresh: dict[str, set[int]] = defaultdict(set)
        for node in graph.nodes.values():
            if node.row is None:
                fresh[node.entity.root].add(int(node.id or 0))
        for root, ids in fresh.items():
            self._load(root, sorted(ids))
        builder = DetailsBuilder(self._context)
        for node in graph.nodes.values():
            row = self._rows[node.entity.root, int(node.id or 0)]
            if not node.entity.immutable:
                node.ice._version = rint(row["version"])
            columns = (
                "permissions",
                "owner_id",
                "group_id",
                "creation_id",
                "update_id",
                "external_id",
                "repo",
                "mimetype",
            )
            wanted = {name: row[name] for name in columns if name in row}
            if node.entity.name != "OriginalFile":
                wanted.pop("mimetype", None)
                wanted.pop("repo", None)
            node.ice._details = builder.build(node.entity, **wanted)
            for name, parent in node.parents.items():
                if getattr(node.ice, f"_{name}") is None:
                    setattr(node.ice, f"_{name}", parent)


def _kept(entity: Entity, name: str) -> bool:
    """Properties that the server maintains itself: what a client sends for them is reverted."""
    return entity.name == "OriginalFile" and name == "repo"
