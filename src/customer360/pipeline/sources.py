"""The source tables that a filling replaces, and those that it empties."""

from __future__ import annotations

from collections.abc import Collection

from customer360 import __version__
from customer360.pipeline.staging import now, prepare_source
from customer360.postgres.obstacle import obstacle
from customer360.postgres.origin import Origin, origin
from customer360.postgres.publish import Publication
from customer360.tables import SOURCES, Source


def prepare_sources(change: Publication, filled: Collection[Source], *, replace: bool, instead: str = "") -> None:
    """
    Refuses, now and at the swap, to replace rows of *filled* that are not our mock data, unless *replace*.

    Another optional source is emptied if a run would read it: its rows belong to other customers. A table of that
    name that no run reads is not ours, and stays. *instead* is an alternative that the error mentions.
    """
    for source in SOURCES:
        if source in filled:
            prepare_source(change, source, replace=replace, instead=instead if source.is_optional else "")
        elif obstacle(change.connection, source) is None:
            empty_source(change, source, replace=replace)


def empty_source(change: Publication, source: Source, *, replace: bool = False) -> None:
    """Deletes the rows of *source*, under the same guard; grants, views and comments stay."""
    prepare_source(change, source, replace=replace)
    change.stage(source)
    change.describe(source, Origin("absent", filled_at=now(), version=__version__).record())


def empty_mock_data(change: Publication, source: Source, *, replace: bool = False) -> None:
    """Empties *source* if it contains mock data, which belongs to other customers; all other rows stay."""
    if origin(change.connection, source.full_name).kind == "mock":
        empty_source(change, source, replace=replace)
