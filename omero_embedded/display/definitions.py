"""Stored rendering settings: which ones apply to a user, reading and writing them.

Source: contract/rendering.md, section 1.5; contract/server.md, sections 2.14 and 2.15; contract/model.md, section 8.1.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from omero_rendering import (
    ChannelSettings,
    Color,
    Family,
    Model,
    Quantum,
    RenderingError,
    RenderingSettings,
    Window,
)

from ..model.entities import MODEL
from ..model.tables import table_of
from ..security.context import CallContext
from ..security.rights import check_create, check_link, read_condition, rights
from ..transaction import Transaction
from .images import ImagePixels

log = logging.getLogger(__name__)

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Definition:
    """A stored RenderingDef. `update_id` is the id of its last event: larger means later."""

    id: int
    pixels_id: int
    owner_id: int
    group_id: int
    update_id: int
    quantum_id: int
    binding_ids: tuple[int, ...]
    reverse_ids: tuple[int | None, ...]
    settings: RenderingSettings


def usable_definitions(
    connection: Connection, context: CallContext, images: Mapping[int, ImagePixels]
) -> dict[int, Definition]:
    """Settings that apply to the user, by pixels id: the own newest ones, else the newest of the pixels' owner."""
    found: dict[int, Definition] = {}
    for definition in _load(connection, context, images, table_of("RenderingDef").c.pixels, images):
        image = images[definition.pixels_id]
        if definition.owner_id not in (context.user_id, image.owner_id):
            continue
        known = found.get(image.id)
        # Rows come oldest first, so that a later one of equal standing wins.
        if known is None or definition.owner_id == context.user_id or known.owner_id != context.user_id:
            found[image.id] = definition
    return found


def own_definition(connection: Connection, context: CallContext, image: ImagePixels) -> Definition | None:
    """The user's own newest settings of the pixels."""
    definition = usable_definitions(connection, context, {image.id: image}).get(image.id)
    return definition if definition is not None and definition.owner_id == context.user_id else None


def all_definitions(connection: Connection, context: CallContext, image: ImagePixels) -> list[Definition]:
    """Everybody's readable settings of the pixels, oldest first."""
    return _load(connection, context, [image.id], table_of("RenderingDef").c.pixels, {image.id: image})


def definition_by_id(
    connection: Connection, context: CallContext, definition_id: int, image: ImagePixels, source: ImagePixels
) -> Definition | None:
    """Settings by id, made for `source`, as they apply to `image`; None when they do not exist or are not readable."""
    definitions = _load(
        connection,
        context,
        [definition_id],
        table_of("RenderingDef").c.id,
        {source.id: source},
        applied_to=image,
    )
    return definitions[0] if definitions else None


def pixels_of_definition(connection: Connection, context: CallContext, definition_id: int) -> int | None:
    """Id of the pixels that settings belong to; None when the settings do not exist or are not readable."""
    table = table_of("RenderingDef")
    statement = select(table.c.pixels).where(table.c.id == definition_id, read_condition(context, table))
    found = connection.scalar(statement)
    return None if found is None else int(found)


def compatible(source: ImagePixels, target: ImagePixels) -> bool:
    """Settings of one image can be loaded for another: same type, same number of channels, same emission wavelengths."""
    if source.id == target.id:
        return True
    emissions = {channel.emission for channel in target.channels}
    return (
        source.type_name == target.type_name
        and source.size_c == target.size_c
        and all(channel.emission is None or channel.emission in emissions for channel in source.channels)
    )


def check_may_create(context: CallContext, image: ImagePixels) -> None:
    """Raise a SecurityViolation of the fitting kind unless the user may have settings of these pixels."""
    entity = MODEL["RenderingDef"]
    check_create(context, entity, context.user_id, image.group_id)
    check_link(
        context, entity, context.user_id, image.group_id, MODEL["Pixels"], image.owner_id, image.group_id
    )


def may_update(context: CallContext, definition: Definition) -> bool:
    """The user may change these settings."""
    return rights(context, MODEL["RenderingDef"], definition.owner_id, definition.group_id).edit


def insert_definition(transaction: Transaction, image: ImagePixels, settings: RenderingSettings) -> int:
    """Store new settings for the user of the transaction and return their id; the caller has checked that they may be."""
    group = image.group_id
    quantum_id = transaction.insert("QuantumDef", _quantum_values(settings.quantum), group=group)
    definition_id = transaction.insert(
        "RenderingDef",
        {
            "pixels": image.id,
            "defaultZ": settings.default_z,
            "defaultT": settings.default_t,
            "model": transaction.enum_id("RenderingModel", settings.model.value),
            "quantization": quantum_id,
        },
        group=group,
    )
    families = {family: transaction.enum_id("Family", family.value) for family in Family}
    bindings = transaction.insert_many(
        "ChannelBinding",
        [
            {
                **_binding_values(channel, families),
                "renderingDef": definition_id,
                "renderingdef_index": index,
            }
            for index, channel in enumerate(settings.channels)
        ],
        group=group,
    )
    for binding_id, channel in zip(bindings, settings.channels, strict=True):
        if channel.reverse:
            _insert_reverse(transaction, binding_id, group)
    return definition_id


def update_definition(transaction: Transaction, definition: Definition, settings: RenderingSettings) -> None:
    """Change stored settings in place; their version rises even when nothing differs."""
    before = definition.settings
    transaction.update(
        "RenderingDef",
        definition.id,
        {
            "defaultZ": settings.default_z,
            "defaultT": settings.default_t,
            "model": transaction.enum_id("RenderingModel", settings.model.value),
        },
    )
    if settings.quantum != before.quantum:
        transaction.update("QuantumDef", definition.quantum_id, _quantum_values(settings.quantum))
    families = {family: transaction.enum_id("Family", family.value) for family in Family}
    for index, (channel, old) in enumerate(zip(settings.channels, before.channels, strict=True)):
        values = _binding_values(channel, families)
        if values != _binding_values(old, families):
            transaction.update("ChannelBinding", definition.binding_ids[index], values)
        reverse_id = definition.reverse_ids[index]
        if channel.reverse and reverse_id is None:
            _insert_reverse(transaction, definition.binding_ids[index], definition.group_id)
        elif not channel.reverse and reverse_id is not None:
            transaction.delete("ReverseIntensityContext", [reverse_id])


def _insert_reverse(transaction: Transaction, binding_id: int, group_id: int) -> None:
    contexts = table_of("CodomainMapContext")
    position = select(contexts.c.channelbinding_index).where(contexts.c.channelbinding == binding_id)
    taken = {row[0] for row in transaction.connection.execute(position)}
    transaction.insert(
        "ReverseIntensityContext",
        {"channelBinding": binding_id, "channelbinding_index": len(taken), "reverse": True},
        group=group_id,
    )


def _quantum_values(quantum: Quantum) -> dict[str, Any]:
    return {"cdStart": quantum.start, "cdEnd": quantum.end, "bitResolution": quantum.bit_resolution}


def _binding_values(channel: ChannelSettings, families: Mapping[Family, int]) -> dict[str, Any]:
    return {
        "family": families[channel.family],
        "coefficient": float(channel.coefficient),
        "inputStart": float(channel.window.start),
        "inputEnd": float(channel.window.end),
        "active": channel.active,
        "noiseReduction": channel.noise_reduction,
        "red": channel.color.red,
        "green": channel.color.green,
        "blue": channel.color.blue,
        "alpha": channel.color.alpha,
        "lookupTable": channel.lut,
    }


def _load(
    connection: Connection,
    context: CallContext,
    keys: Sequence[int] | Mapping[int, Any],
    key: ColumnElement[Any],
    images: Mapping[int, ImagePixels],
    applied_to: ImagePixels | None = None,
) -> list[Definition]:
    """Readable definitions whose column `key` is one of `keys`, oldest first; unusable ones are left out."""
    definitions, quanta, models = table_of("RenderingDef"), table_of("QuantumDef"), table_of("RenderingModel")
    wanted = list(keys)
    rows: list[Any] = []
    for start in range(0, len(wanted), _CHUNK):
        statement = (
            select(
                definitions,
                quanta.c.cdstart,
                quanta.c.cdend,
                quanta.c.bitresolution,
                models.c.value.label("model_name"),
            )
            .join(quanta, quanta.c.id == definitions.c.quantization)
            .join(models, models.c.id == definitions.c.model)
            .where(key.in_(wanted[start : start + _CHUNK]), read_condition(context, definitions))
        )
        rows += connection.execute(statement).mappings().all()
    rows.sort(key=lambda row: (row["update_id"], row["id"]))
    bindings = _load_bindings(connection, [row["id"] for row in rows])
    found = []
    for row in rows:
        image = applied_to or images[row["pixels"]]
        channels = bindings[row["id"]]
        if len(channels) != len(image.channels):
            continue
        try:
            settings = _settings(row, channels, image)
        except RenderingError as error:
            # One row that cannot be rendered must not make a whole set of images fail.
            log.warning("RenderingDef:%d is left out: %s", row["id"], error)
            continue
        found.append(
            Definition(
                id=row["id"],
                pixels_id=row["pixels"],
                owner_id=row["owner_id"],
                group_id=row["group_id"],
                update_id=row["update_id"],
                quantum_id=row["quantization"],
                binding_ids=tuple(channel["id"] for channel in channels),
                reverse_ids=tuple(channel["reverse_id"] for channel in channels),
                settings=settings,
            )
        )
    return found


def _settings(row: Any, channels: Sequence[Any], image: ImagePixels) -> RenderingSettings:
    return RenderingSettings(
        pixel_type=image.type,
        channels=tuple(
            _channel_settings(channel, own.statistics)
            for channel, own in zip(channels, image.channels, strict=True)
        ),
        model=Model.named(row["model_name"]),
        quantum=Quantum(row["cdstart"], row["cdend"], row["bitresolution"]),
        default_z=min(max(0, row["defaultz"]), image.size_z - 1),
        default_t=min(max(0, row["defaultt"]), image.size_t - 1),
    )


def _load_bindings(connection: Connection, definition_ids: list[int]) -> dict[int, list[Any]]:
    bindings, families, contexts = (
        table_of("ChannelBinding"),
        table_of("Family"),
        table_of("CodomainMapContext"),
    )
    found: dict[int, list[Any]] = defaultdict(list)
    for start in range(0, len(definition_ids), _CHUNK):
        chunk = definition_ids[start : start + _CHUNK]
        reverse = (contexts.c.channelbinding == bindings.c.id) & (
            contexts.c.discriminator == "ReverseIntensityContext"
        )
        statement = (
            select(bindings, families.c.value.label("family_name"), contexts.c.id.label("reverse_id"))
            .join(families, families.c.id == bindings.c.family)
            .outerjoin(contexts, reverse)
            .where(bindings.c.renderingdef.in_(chunk))
            .order_by(bindings.c.renderingdef, bindings.c.renderingdef_index)
        )
        for row in connection.execute(statement).mappings():
            found[row["renderingdef"]].append(row)
    return found


def _channel_settings(row: Any, statistics: Window | None) -> ChannelSettings:
    return ChannelSettings(
        window=Window(row["inputstart"], row["inputend"]),
        color=Color(*(min(255, max(0, row[name])) for name in ("red", "green", "blue", "alpha"))),
        active=row["active"],
        family=Family.named(row["family_name"]),
        coefficient=row["coefficient"],
        noise_reduction=row["noisereduction"],
        reverse=row["reverse_id"] is not None,
        lut=row["lookuptable"],
        statistics=statistics,
    )
