"""The first schema."""

from alembic import op

from gateway.store.schema import metadata

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Creates every table of the first version."""
    metadata.create_all(op.get_bind())
