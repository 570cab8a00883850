"""Where imported images go: projects, datasets and screens by name."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from .. import errors
from ..model.tables import table_of
from ..security.context import CallContext
from ..transaction import Transaction


@dataclass(frozen=True, slots=True)
class Target:
    """A dataset by name, in a project by name if one is given. The user's own are used; missing ones are made."""

    dataset: str
    project: str | None = None

    def __post_init__(self) -> None:
        for name, value in (("dataset", self.dataset), ("project", self.project)):
            if value is not None and not value.strip():
                raise ValueError(f"{name}: the name must not be empty")


def dataset_id(transaction: Transaction, target: Target) -> int:
    """Id of the target's dataset, made if need be."""
    if target.project is None:
        return find_or_insert(transaction, "Dataset", target.dataset)
    project_id = find_or_insert(transaction, "Project", target.project)
    datasets, links = table_of("Dataset"), table_of("ProjectDatasetLink")
    context = transaction.context
    found = transaction.connection.scalar(
        select(datasets.c.id)
        .join(links, links.c.child == datasets.c.id)
        .where(
            links.c.parent == project_id,
            datasets.c.name == target.dataset,
            datasets.c.owner_id == context.user_id,
        )
        .order_by(datasets.c.id)
    )
    if found is not None:
        return int(found)
    made = transaction.insert("Dataset", {"name": target.dataset})
    transaction.insert("ProjectDatasetLink", {"parent": project_id, "child": made})
    return made


def find(transaction: Transaction, entity: str, name: str) -> int | None:
    """The user's oldest container of that name in the group of the transaction."""
    table, context = table_of(entity), transaction.context
    found = transaction.connection.scalar(
        select(table.c.id)
        .where(
            table.c.name == name,
            table.c.owner_id == context.user_id,
            table.c.group_id == context.group_id,
        )
        .order_by(table.c.id)
    )
    return None if found is None else int(found)


def find_or_insert(
    transaction: Transaction, entity: str, name: str, *, description: str | None = None
) -> int:
    """The user's container of that name, made if need be."""
    found = find(transaction, entity, name)
    if found is not None:
        return found
    values = {"name": name} if description is None else {"name": name, "description": description}
    return transaction.insert(entity, values)


def check_context(context: CallContext) -> None:
    """Raise ApiUsageException unless the context names one group to create images in."""
    if context.group_id < 0:
        raise errors.api_usage("an import needs one group")
