"""Full-text search: its tables, and the documents of everything that is there already."""

from alembic import op
from sqlalchemy import inspect, select

from omero_embedded.model.tables import METADATA, table_of
from omero_embedded.search.documents import SEARCHED
from omero_embedded.search.index import reindex
from omero_embedded.search.tables import SEARCH_TEXT, SEARCH_WORD

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the tables where the first schema did not have them, and fill them."""
    connection = op.get_bind()
    if not inspect(connection).has_table(SEARCH_TEXT.name):
        METADATA.create_all(connection, tables=[SEARCH_TEXT, SEARCH_WORD])
    for name in SEARCHED:
        table = table_of(name)
        reindex(connection, name, [row[0] for row in connection.execute(select(table.c.id))])


def downgrade() -> None:
    """Remove the index."""
    METADATA.drop_all(op.get_bind(), tables=[SEARCH_TEXT, SEARCH_WORD])
