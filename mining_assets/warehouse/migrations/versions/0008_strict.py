"""Tables that take nothing but values of their columns' kinds: what ``strict.py`` does after every migration."""

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change nothing here: without a revision of its own a database at 0007 would be left as it is."""
