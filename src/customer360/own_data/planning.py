"""Turns a raw table and a request into the plan of a load: its mapping, and whether the user has agreed to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from customer360.errors import Invalid, Refused, Unavailable
from customer360.own_data.checks import day_after
from customer360.own_data.guess import Sample
from customer360.own_data.hints import Unread, counted, unread
from customer360.own_data.mapped import column_of, sides, with_source_id
from customer360.own_data.mapping import ColumnMapping, mapping_of, mapping_path, read_mapping, written
from customer360.own_data.notes import Note, notes, used_columns
from customer360.own_data.propose import Proposal, in_words, proposals, proposed
from customer360.own_data.raw_tables import RawTable
from customer360.own_data.request import Request
from customer360.own_data.row_kinds import RowKind


@dataclass(frozen=True)
class LoadPlan:
    """What a load reads, and which column fills which."""

    request: Request
    raw: RawTable
    mapping: ColumnMapping
    sample: Sample
    file: Path | None
    """The file of the mapping."""
    said: tuple[str, ...] = ()
    """Where the mapping comes from, and what it counts."""
    unread: Sequence[Unread] = ()
    """Columns that are called like a target but cannot be read."""

    @property
    def notes(self) -> list[Note]:
        """What to know before you agree to the mapping."""
        latest = day_after(datetime.now(timezone.utc).date())
        dated = [Note(text) for text in counted(self.mapping, self.raw.columns, self.sample, latest)]
        unread = [Note(one.note(self.mapping.kind)) for one in self.unread]
        return [*notes(self.mapping, self.raw.columns, self.sample), *dated, *unread]

    @property
    def unused(self) -> list[str]:
        """The columns of the raw table that are not used."""
        used = set(used_columns(self.mapping, self.raw.columns))
        return [name for name in self.raw.columns if name not in used]

    @property
    def sides(self) -> dict[str, str]:
        """What fills each target: a column, an expression or a 'constant'; '-' for nothing."""
        kind = self.mapping.kind
        shown = [target for target in kind.targets if target in self._filled or target not in kind.aids]
        return {target: self._side(target) for target in shown}

    def examples(self, target: str) -> list[str]:
        """Distinct values of the column that fills *target*."""
        column = column_of(sides(self.mapping).get(target, ""), self.raw.columns)
        values = self.sample[column] if column else []
        return list(dict.fromkeys(" ".join(value.split())[:24] for value in values))

    @property
    def _filled(self) -> set[str]:
        return {*self.mapping.columns, *self.mapping.constants}

    def _side(self, target: str) -> str:
        if target == "is_active" and target in self.mapping.present and target not in self._filled:
            return "by left_date"
        constant = self.mapping.constants.get(target)
        return f"'{constant}'" if constant is not None else self.mapping.columns.get(target, "-")

    def require_complete(self) -> None:
        """Raises: Customer360Error when the mapping lacks a required column, with proposals for it."""
        try:
            self.mapping.require()
        except Invalid as error:
            found = proposals(self.mapping, self.raw.columns, self.sample)
            where = f" {self.file}" if self.file else ""
            raise Invalid(f"{error}{where}{in_words(found)}") from None

    @property
    def is_agreed(self) -> bool:
        """Whether no confirmation is needed: the mapping was given, or the request is --yes or a dry run."""
        return bool(self.request.yes or self.request.dry_run or self.request.mapping)

    def require_agreed(self) -> None:
        """Raises: Customer360Error unless the mapping is complete and the user has agreed to it."""
        self.require_complete()
        if not self.is_agreed:
            raise Refused(
                f"the mapping needs your confirmation, and there is no terminal to ask; review {self.file}, "
                f"then add --mapping {self.file}, or --yes"
            )


def plan_load(raw: RawTable, request: Request) -> LoadPlan:
    """The mapping that was given or edited before, or else a guess, which is saved except in a dry run."""
    sample = raw.sample()
    file = _file(raw, request)
    if (given := _given(request, file)) is not None:
        _require_kind(given, request)
        proposal = Proposal(with_source_id(given, raw.columns))
    else:
        proposal = _guess(raw, sample, request)
        if file and (not request.dry_run or proposal.mapping.lacking):
            _write(file, _in_toml(proposal.mapping, raw, sample))
    mapping = replace(proposal.mapping, until=request.as_of if proposal.mapping.kind.dated_by else None)
    return LoadPlan(
        request, raw, mapping.with_styles(*request.styles), sample, file if file and file.exists() else None,
        said=proposal.said, unread=unread(mapping, raw),
    )  # fmt: skip


def _file(raw: RawTable, request: Request) -> Path | None:
    """The file that the mapping is read from or will be written to."""
    if isinstance(request.mapping, Path):
        return request.mapping
    return mapping_path(raw.name) if request.keeps_mapping and request.mapping is None else None


def _given(request: Request, file: Path | None) -> ColumnMapping | None:
    """The mapping that the user has given or edited, if there is one."""
    if isinstance(request.mapping, Mapping):
        return mapping_of("that was given", request.mapping, kind=request.kind, kinds=_default_kinds(request))
    if file and (request.mapping or file.exists()):
        return read_mapping(file, kind=request.kind, kinds=_default_kinds(request))
    return None


def _default_kinds(request: Request) -> tuple[RowKind, ...]:
    """The kinds that a mapping without `rows` may have; without --events, order lines must be named."""
    return request.kinds if request.is_of_events else request.kinds[:1]


def _require_kind(mapping: ColumnMapping, request: Request) -> None:
    if mapping.kind not in request.kinds:
        way = "omit --events" if request.is_of_events else "load them with --events"
        raise Invalid(f"the mapping says that the rows are {mapping.kind.name}; {way}, or change rows in [source]")


def _guess(raw: RawTable, sample: Sample, request: Request) -> Proposal:
    proposal = proposed(raw, sample, kind=request.kind, kinds=request.kinds)
    return replace(proposal, mapping=with_source_id(proposal.mapping, raw.columns))


def _in_toml(mapping: ColumnMapping, raw: RawTable, sample: Sample) -> str:
    """A guessed mapping as an editable file, with proposals for missing columns."""
    wheres = [note.where for note in notes(mapping, raw.columns, sample) if note.where]
    missing = proposals(mapping, raw.columns, sample) if mapping.lacking else {}
    return written(mapping, raw.name, raw.columns, wheres, missing)


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Unavailable(
            f"cannot write the mapping {file} ({error.strerror}); "
            "change to a folder of your own, or add --mapping FILE"
        ) from None
