"""Runs the revisions on the connection that `omero_embedded.model.bootstrap.migrate` hands over."""

from alembic import context

from omero_embedded.model.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
