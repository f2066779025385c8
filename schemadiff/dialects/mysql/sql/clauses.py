"""The clauses of one ALTER TABLE, while they are being collected, and the statement that they make. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from schemadiff.dialects.contract.statements import Statement
from schemadiff.dialects.mysql.server.product import Facts
from schemadiff.dialects.mysql.server.sql_text import quote
from schemadiff.dialects.mysql.sql.create import column_definition, index_definition, qualified
from schemadiff.operations import AlterColumn, Operation, RenameColumn
from schemadiff.schema import Column, Constraint, ForeignKey, Index, Name, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Alter(Statement):
    """One ALTER TABLE; ``clauses`` are those of its SQL, empty where it says something else than a list of clauses."""

    table: Name
    clauses: tuple[str, ...] = ()


def alter_table(name: Name, clauses: Sequence[str], operations: Sequence[Operation]) -> Alter:
    """The ALTER TABLE that consists of the clauses."""
    return Alter(alter_sql(name, clauses), tuple(operations), table=name, clauses=tuple(clauses))


def alter_sql(name: Name, clauses: Sequence[str]) -> str:
    """Its SQL, one clause a line where there are several."""
    if len(clauses) == 1:
        return f"ALTER TABLE {qualified(name)} {clauses[0]}"
    body = ",\n".join(f"  {clause}" for clause in clauses)
    return f"ALTER TABLE {qualified(name)}\n{body}"


def of_revision(
    statement: Statement, operations: Sequence[Operation]
) -> tuple[tuple[Operation, ...], tuple[Operation, ...] | None]:
    """Which of the revision's `operations` the statement carries, and its effect: what makes way for a rename and comes
    back is none of them, but belongs to that.
    """
    own = tuple(one for one in statement.operations if one in operations)
    if len(own) == len(statement.operations):
        return own, statement.effect
    renames = tuple(one for one in operations if isinstance(one, RenameColumn))
    return own or renames, statement.operations if statement.effect is None else statement.effect


def changes_in_place(before: Constraint | Index, after: Constraint | Index) -> bool:
    """Whether an index gets another name, or is shown or hidden, and nothing else."""
    if not isinstance(before, Index) or not isinstance(after, Index) or after.name is None or before == after:
        return False
    changed = replace(before, name=after.name)
    return changed == after or (changed == before and replace(before, visible=after.visible) == after)


@dataclass(slots=True)
class _Change:
    """The change of one column. ``old`` is its name before, ``None`` for a new one; ``definition`` is ``None``
    where it only gets another name.
    """

    old: str | None
    new: str
    definition: Column | None


@dataclass(slots=True)
class Clauses:
    """The clauses of one ALTER TABLE of a table that was `before` when it began.

    They are rendered together at the end, because a column's definition depends on what the whole statement makes of
    the table: its character set, the CHECKs that stand in the column.

    ``rebuilt`` are those of the operations whose columns are filled by a default, which the next ALTER takes away;
    ``renamed_indexes`` follow their columns, ``index_changes`` are the operations' own, each before and after;
    ``again`` are columns that are dropped and added as they were, because they are computed from one that is.
    """

    table: Name
    before: Table
    operations: list[Operation] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    drops: list[str] = field(default_factory=list)
    additions: list[str] = field(default_factory=list)
    dropped_foreign_keys: list[str] = field(default_factory=list)
    gone_keys: list[ForeignKey] = field(default_factory=list)
    lifted_keys: list[ForeignKey] = field(default_factory=list)
    dropped_columns: list[str] = field(default_factory=list)
    renamed_indexes: dict[str, str] = field(default_factory=dict)
    index_changes: list[tuple[Index, Index]] = field(default_factory=list)
    changes: list[_Change] = field(default_factory=list)
    rebuilt: list[AlterColumn] = field(default_factory=list)
    again: list[str] = field(default_factory=list)
    partitions: str | None = None
    opening: str = ""
    copies: bool = False
    renames_bound: bool = False
    moves_bound: bool = False

    def add_column(self, column: Column) -> None:
        self.changes.append(_Change(None, column.name, column))

    def drop_column(self, name: str) -> None:
        self.dropped_columns.append(name)

    def add_again(self, column: Column) -> None:
        """One that is added already, to become what it was, becomes this column."""
        change = self._change(column.name)
        if change and column.name in self.again:
            change.definition = column
            self.again.remove(column.name)
        else:
            self.drop_column(column.name)
            self.add_column(column)

    def modify_column(self, name: str, column: Column) -> None:
        """A second change of one column takes the place of the first, or joins its new name."""
        change = self._change(name)
        if change:
            change.new, change.definition = column.name, column
        elif name not in self.dropped_columns:
            self.changes.append(_Change(name, column.name, column))

    def rename_column(self, old: str, new: str) -> None:
        change = self._change(old)
        if change:
            change.new = new
        else:
            self.changes.append(_Change(old, new, None))

    def drop_index(self, name: str) -> None:
        for old, new in self.renamed_indexes.items():
            if new == name:
                name = old
                del self.renamed_indexes[old]
                break
        clause = f"DROP INDEX {quote(name)}"
        if clause not in self.drops:
            self.drops.append(clause)

    def add_index(self, index: Index, facts: Facts) -> None:
        self.additions.append(f"ADD {index_definition(index, facts, word='INDEX')}")

    def changes_index_on(self, column: str) -> bool:
        """Whether an index on the column gets another name, or is shown or hidden."""
        return any(column in before.columns for before, _ in self.index_changes)

    def _index_clauses(self, facts: Facts) -> tuple[list[str], list[str], list[str]]:
        """Return the clauses that drop, that rename, and that add or alter the changed indexes. Renaming one, or making
        it (in)visible, costs nothing, but cannot stand beside a change of its columns: there it is dropped and added.
        """
        drops, renames, others = [], [], []
        for before, after in self.index_changes:
            name = quote(before.name or "")
            renamed = before.name != after.name
            columns = (*before.columns, *after.columns)
            if any(self.touches(one) if renamed else one in self.dropped_columns for one in columns):
                drops.append(f"DROP INDEX {name}")
                others.append(f"ADD {index_definition(after, facts, word='INDEX')}")
            elif renamed:
                renames.append(f"RENAME INDEX {name} TO {quote(after.name or '')}")
            else:
                word = facts.product.shown_index if after.visible else facts.product.hidden_index
                others.append(f"ALTER INDEX {name} {word}")
        return drops, renames, others

    @property
    def readded(self) -> list[str]:
        """The columns that are dropped and added."""
        return [one.new for one in self.changes if one.old is None and one.new in self.dropped_columns]

    def touches(self, name: str) -> bool:
        """Whether a column of that name, before or after, is changed already."""
        return name in self.dropped_columns or any(
            name in (change.old, change.new) for change in self.changes
        )

    def is_renamed(self, name: str) -> bool:
        """Whether it is the new name of a column that is only renamed so far."""
        change = self._change(name)
        return change is not None and change.definition is None

    def is_modified(self, name: str) -> bool:
        """Whether the column is changed, and has its old name so far."""
        change = self._change(name)
        return change is not None and change.old == change.new

    def definition_of(self, name: str) -> Column | None:
        """Return the new definition of the column that has this name afterwards; ``None`` if it is only renamed, or not
        changed.
        """
        change = self._change(name)
        return change.definition if change else None

    def _change(self, name: str) -> _Change | None:
        return next((change for change in self.changes if change.new == name), None)

    def render(self, after: Table, facts: Facts) -> list[str]:
        """The clauses, of a statement that makes `after` of the table."""
        drops, renames, others = self._index_clauses(facts)
        return [
            *self.options,
            *self.drops,
            *drops,
            *(f"DROP COLUMN {quote(name)}" for name in self.dropped_columns),
            *(self._column_clause(change, after, facts) for change in self.changes),
            *(f"RENAME INDEX {quote(old)} TO {quote(new)}" for old, new in self.renamed_indexes.items()),
            *renames,
            *others,
            *self.additions,
        ]

    def _column_clause(self, change: _Change, after: Table, facts: Facts) -> str:
        if change.definition is None:
            assert change.old is not None
            return f"RENAME COLUMN {quote(change.old)} TO {quote(change.new)}"
        column = change.definition
        checks = [
            check
            for check in after.checks
            if facts.product.column_checks and check.name is None and check.column == change.new
        ]
        if column.name != change.new:
            column = replace(column, name=change.new)
        definition = column_definition(column, after.options, checks, facts)
        if change.old is None:
            return f"ADD COLUMN {definition}"
        if change.old == change.new:
            return f"MODIFY COLUMN {definition}"
        return f"CHANGE COLUMN {quote(change.old)} {definition}"
