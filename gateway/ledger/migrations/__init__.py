"""The ledger's schema, version by version; `upgrade` brings a database to the newest."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Engine

from gateway.errors import ConfigurationFault


def upgrade(engine: Engine) -> None:
    """Bring the database of `engine` to the newest version, in one transaction.

    Raises `ConfigurationFault` when a newer gateway has written it.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    # Two folders on a path of versions are split at this; ours is one, and may have spaces in it.
    config.set_main_option("path_separator", "newline")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise ConfigurationFault(
                f"the ledger was written by another version of the gateway: {error}"
            ) from error
