"""Streaming answers that give back what they stream from. Source: contract/plugins.md, section 4.1."""

from __future__ import annotations

import logging
from typing import Any

import Ice
import omero
from django.http import StreamingHttpResponse

from omeroweb.pool import POOL

logger = logging.getLogger(__name__)


class ConnCleaningHttpResponse(StreamingHttpResponse):
    """A stream that gives its connection back at its end. The view sets `conn`."""

    conn: Any = None

    def close(self) -> None:
        super().close()
        conn, self.conn = self.conn, None
        if conn is None:
            return
        try:
            POOL.release(conn)
        except (Ice.Exception, omero.ClientError):
            logger.exception("Failed to give back the connection of a stream")


class TableClosingHttpResponse(ConnCleaningHttpResponse):
    """A stream of rows that closes its table first. The view sets `table`."""

    table: Any = None

    def close(self) -> None:
        table, self.table = self.table, None
        if table is not None:
            try:
                table.close()
            except (Ice.Exception, omero.ClientError):
                logger.exception("Failed to close the table of a stream")
        super().close()
