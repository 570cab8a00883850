"""Making settings the user's own: created when there are none, else changed in place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import omero

from omero_rendering import RenderingSettings

from .definitions import (
    Definition,
    check_may_create,
    insert_definition,
    own_definition,
    update_definition,
    usable_definitions,
)
from .images import ImagePixels

if TYPE_CHECKING:
    from ..services.base import Call


def store_own(call: Call, image: ImagePixels, settings: RenderingSettings) -> int:
    """Store settings as the user's own ones of the pixels and return their id.

    Raises a SecurityViolation of the fitting kind when the user may not have settings there.
    """
    check_may_create(call.context, image)
    with call.write() as transaction:
        own = own_definition(transaction.connection, call.context, image)
        if own is None:
            return insert_definition(transaction, image, settings)
        update_definition(transaction, own, settings)
        return own.id


def usable_definition(call: Call, image: ImagePixels) -> Definition | None:
    """The user's own settings of the pixels, else their owner's, else None."""
    return usable_definitions(call.read, call.context, {image.id: image}).get(image.id)


def may_create(call: Call, image: ImagePixels) -> bool:
    """The user may have settings and thumbnails of these pixels."""
    try:
        check_may_create(call.context, image)
    except omero.SecurityViolation:
        return False
    return True
