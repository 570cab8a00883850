"""IQuery: objects and rows by HQL, by id and by one property (contract/server.md, section 2.10)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import errors
from ..hql import find_unique
from ..model.entities import MODEL, Entity
from ..model.materialise import Materialiser
from .base import Call, Service
from .filters import LoadOptions


def _entity(name: str) -> Entity:
    entity = MODEL.find(name)
    if entity is None:
        raise errors.api_usage(f"klass: {name!r} is no class of the model")
    return entity


def _query_parameters(parameters: Any) -> tuple[Mapping[str, Any], int | None, int | None]:
    """Values, offset and limit of a Parameters object; nothing else of its filter matters to HQL."""
    if parameters is None:
        return {}, None, None
    options = LoadOptions.of(parameters)
    return parameters.map or {}, options.offset, options.limit


class QueryService(Service):
    """Answers questions about everything that the caller may read."""

    def get(self, call: Call, klass: str, id: int) -> Any:
        """A loaded object without relations. Raises ApiUsageException when absent, SecurityViolation when unreadable."""
        found = self.find(call, klass, id)
        if found is None:
            raise errors.api_usage(
                f"The requested object (id={id}, type={_entity(klass).name}) is not available"
            )
        return found

    def find(self, call: Call, klass: str, id: int) -> Any:
        """A loaded object without relations; null when absent."""
        entity = _entity(klass)
        found = Materialiser(call.read, call.context).objects(entity.name, [id]).get(id)
        return found if found is not None and MODEL.of_object(found).is_a(entity.name) else None

    def findByQuery(self, call: Call, query: str, params: Any) -> Any:
        """The only object that a query finds; null for none. Raises ApiUsageException for several."""
        values, offset, limit = _query_parameters(params)
        return call.server.hql.find_one(call.read, call.context, query, values, offset, limit)

    def findAllByQuery(self, call: Call, query: str, params: Any) -> list[Any]:
        """All objects that a query finds."""
        values, offset, limit = _query_parameters(params)
        return call.server.hql.find_all(call.read, call.context, query, values, offset, limit)

    def projection(self, call: Call, query: str, params: Any) -> list[list[Any]]:
        """Rows of RTypes."""
        values, offset, limit = _query_parameters(params)
        return call.server.hql.projection(call.read, call.context, query, values, offset, limit)

    def findByString(self, call: Call, klass: str, field: str, value: str) -> Any:
        """The only object whose property equals a text; null for none."""
        return find_unique(f"{klass}.{field}", self._by_string(call, klass, field, value))

    def findAllByString(
        self, call: Call, klass: str, field: str, value: str, caseSensitive: bool, filter: Any
    ) -> list[Any]:
        """All objects whose property contains a text."""
        entity, pattern = _entity(klass), f"%{value}%"
        left, right = (f"x.{field}", ":v") if caseSensitive else (f"lower(x.{field})", "lower(:v)")
        self._check_text(entity, field)
        offset, limit = _page(filter)
        text = f"select x from {entity.name} x where {left} like {right} order by x.id"
        return call.query(text, v=pattern, offset=offset, limit=limit)

    def findAll(self, call: Call, klass: str, filter: Any) -> list[Any]:
        """All objects of a class, in order of their ids."""
        offset, limit = _page(filter)
        return call.query(f"select x from {_entity(klass).name} x order by x.id", offset=offset, limit=limit)

    def refresh(self, call: Call, iObject: Any) -> Any:
        """The stored state of an object."""
        if iObject is None or iObject._id is None:
            raise errors.api_usage("refresh needs an object with an id")
        return self.get(call, MODEL.of_object(iObject).name, iObject._id.val)

    def _by_string(self, call: Call, klass: str, field: str, value: str) -> list[Any]:
        entity = _entity(klass)
        self._check_text(entity, field)
        return call.query(f"select x from {entity.name} x where x.{field} = :v order by x.id", v=value)

    def _check_text(self, entity: Entity, field: str) -> None:
        prop = entity.properties.get(field)
        if prop is None or prop.type != "string":
            raise errors.api_usage(f"fieldName: {entity.name} has no text property {field!r}")


def _page(chosen: Any) -> tuple[int | None, int | None]:
    if chosen is None:
        return None, None
    return tuple(None if value is None else value.val for value in (chosen.offset, chosen.limit))  # type: ignore[return-value]
