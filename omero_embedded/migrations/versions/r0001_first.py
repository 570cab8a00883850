"""The first schema: every table that the model needs."""

from alembic import op

from omero_embedded.model.tables import METADATA

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create all tables and indexes."""
    METADATA.create_all(op.get_bind())


def downgrade() -> None:
    """Remove all tables."""
    METADATA.drop_all(op.get_bind())
