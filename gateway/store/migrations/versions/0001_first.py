"""The first schema."""

from alembic import op

from gateway.store.schema import metadata

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Creates every table of the first version."""
    connection = op.get_bind()
    elsewhere = {"blob"} if connection.dialect.name == "sqlite" else set()  # in blobs.db, `Store.create_blobs`
    metadata.create_all(connection, tables=[t for t in metadata.sorted_tables if t.name not in elsewhere])
