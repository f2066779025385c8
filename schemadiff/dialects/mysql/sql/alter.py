"""Operations -> statements: as much as possible of what concerns one table in one ALTER TABLE. Pure.

One ALTER and not many, because its clauses are judged together: an AUTO_INCREMENT column finds the key that it must
have, an index may go because its foreign key goes as well (MySQL 9.7 and MariaDB 10.11, errors 1075 and 1553), and
the table is copied at most once.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import assert_never

from schemadiff.dialects.contract.statements import Statement
from schemadiff.dialects.mysql.canonical import implicit
from schemadiff.dialects.mysql.canonical.defaults import expect_fillable
from schemadiff.dialects.mysql.canonical.tables import canonical_options
from schemadiff.dialects.mysql.server.product import Facts
from schemadiff.dialects.mysql.server.sql_text import quote, with_names
from schemadiff.dialects.mysql.sql.clauses import Alter, Clauses, alter_sql, alter_table
from schemadiff.dialects.mysql.sql.create import (
    GENERATED_KEY,
    check_definition,
    create_table,
    foreign_key_definition,
    index_definition,
    option_changes,
    partition_change,
    partition_clause,
    primary_key_definition,
    qualified,
)
from schemadiff.dialects.mysql.sql.effects import effects, follows
from schemadiff.dialects.mysql.sql.foreign_key_indexes import keep_foreign_keys_served
from schemadiff.dialects.mysql.sql.live_names import (
    OneTable,
    index_name,
    resolved,
    with_column,
    with_server_name,
)
from schemadiff.dialects.mysql.sql.one_alter import binds_partitions, bound_keys, joins, mark
from schemadiff.dialects.mysql.sql.order import collation_first, out_of_the_way
from schemadiff.dialects.mysql.sql.through_text import needs_text, texts_needed
from schemadiff.dialects.mysql.sql.virtual_columns import (
    SIGNED_DIFFERENCES,
    is_rebuild,
    joins_rebuilt,
    subtracts_unsigned,
    take_along,
    with_values,
)
from schemadiff.errors import UnsupportedError
from schemadiff.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    AlterIndex,
    AlterTable,
    CreateIndex,
    CreateTable,
    DropColumn,
    DropConstraint,
    DropIndex,
    DropTable,
    Operation,
    RenameColumn,
    RenameIndex,
    RenameTable,
)
from schemadiff.schema import (
    Check,
    Column,
    Constraint,
    Exclude,
    ForeignKey,
    Index,
    Name,
    Options,
    PrimaryKey,
    Schema,
    Table,
    Type,
    Unique,
    plain_parts,
)


def statements(
    operations: Sequence[Operation], before: Schema, facts: Facts, later: Sequence[Operation] = ()
) -> tuple[Statement, ...]:
    """The SQL of the operations, starting from `before`; `later` come after them in the same plan."""
    return tuple(_worked(operations, before, facts, later).done)


def staged_statements(
    stages: Sequence[Sequence[Operation]], before: Schema, facts: Facts, later: Sequence[Operation] = ()
) -> tuple[Statement, ...]:
    """As `statements`, the operations of each stage in statements of their own, after those of the stages before it."""
    done: list[Statement] = []
    for position, stage in enumerate(stages):
        rest = [operation for ahead in stages[position + 1 :] for operation in ahead]
        work = _worked(stage, before, facts, (*rest, *later))
        done += work.done
        before = work.schema
    return tuple(done)


def with_made_indexes(
    operations: Sequence[Operation], before: Schema, after: Schema, facts: Facts, later: Sequence[Operation]
) -> Schema:
    """`after`, the schema to which these operations lead, less the server's own indexes that their statements drop."""
    worked = _worked(operations, before, facts, later).schema
    for name, table in after.tables.items():
        if name not in worked.tables:
            continue
        left = {index.name for index in worked.tables[name].indexes}
        indexes = tuple(index for index in table.indexes if not index.implicit or index.name in left)
        if indexes != table.indexes:
            after = after.with_table(dataclasses.replace(table, indexes=indexes))
    return after


def _worked(
    operations: Sequence[Operation], before: Schema, facts: Facts, later: Sequence[Operation]
) -> _Work:
    work = _Work(before, facts)
    operations = out_of_the_way(collation_first(operations), before, facts)
    for position, operation in enumerate(operations):
        work.later = (*operations[position:], *later)
        work.add(operation)
    work.later = tuple(later)
    work.flush()
    return work


class _Work:
    """Statements that are done, and the ALTER TABLE that is being put together.

    ``schema`` is what the database looks like after all of it, as far as names and shapes go.
    """

    def __init__(self, before: Schema, facts: Facts) -> None:
        self.schema = before
        self.facts = facts
        self.later: Sequence[Operation] = ()
        self.done: list[Statement] = []
        self.pending: Clauses | None = None
        self.texts: Sequence[AlterColumn] = ()

    def add(self, operation: Operation) -> None:
        """Carries the operation out: in the pending ALTER where it can join it, else in a statement after it."""
        match operation:
            case CreateTable():
                given = implicit.as_given(operation.table, self.facts.product)
                self._whole(create_table(given, self.facts), operation)
            case DropTable():
                self._whole(f"DROP TABLE {qualified(operation.table.name)}", operation)
            case RenameTable():
                sql = f"RENAME TABLE {qualified(operation.before)} TO {qualified(operation.after)}"
                self._whole(sql, operation)
                if operation.after in self.schema.tables:
                    table = self._table(operation.after)
                    renamed = implicit.under_new_name(table, operation.before.name, self.facts.product)
                    self.schema = self.schema.with_table(renamed)
            case _ if not isinstance(operation, OneTable):
                raise TypeError(f"{type(operation).__name__} is not for a dialect to carry out")
            case _:
                self._alter(operation)

    def flush(self) -> None:
        """Ends the pending ALTER."""
        pending, self.pending = self.pending, None
        if pending is None:
            return
        returning = [
            one.constraint
            for one in self.later
            if isinstance(one, AddConstraint)
            and one.table == pending.table
            and isinstance(one.constraint, ForeignKey)
        ]
        after = keep_foreign_keys_served(pending, self._table(pending.table), returning, self.facts)
        if after.name in self.schema.tables:
            self.schema = self.schema.with_table(after)
        clauses = pending.render(after, self.facts)
        operations = tuple(pending.operations)
        together = pending.partitions is not None and binds_partitions(pending)
        following = follows(pending, after.options)
        if following:
            after = following.apply(self.schema.with_table(after), strict=False).tables[after.name]
            self.schema = self.schema.with_table(after)
            if not self.facts.product.renames_in_expressions:
                # MySQL 9.7 refuses to rename a column by which a table is partitioned (3855) but with new partitions.
                pending.partitions, together = partition_clause(after.options), True
        does = effects(pending, two=bool(clauses and pending.partitions and not together), follows=following)
        if together:
            sql = f"{pending.opening}{alter_sql(pending.table, clauses)}\n{pending.partitions}"
            self.done.append(Alter(sql, operations, effect=does.first, table=pending.table))
        elif clauses:
            alter = alter_table(pending.table, clauses, operations)
            sql = f"{pending.opening}{alter.sql}"
            self.done.append(dataclasses.replace(alter, sql=sql, effect=does.first))
        if pending.partitions and not together:
            # It has no commas before it, and nothing after it.
            sql = f"ALTER TABLE {qualified(pending.table)} {pending.partitions}"
            self.done.append(Alter(sql, operations, effect=does.partitions, table=pending.table))
        if pending.lifted_keys:
            back = [
                f"ADD {foreign_key_definition(key, after.name, self.facts)}" for key in pending.lifted_keys
            ]
            alter = alter_table(pending.table, back, operations)
            self.done.append(dataclasses.replace(alter, effect=does.back))
            keys = (*after.foreign_keys, *pending.lifted_keys)
            self.schema = self.schema.with_table(dataclasses.replace(after, foreign_keys=keys))
        if pending.rebuilt:
            then = self._clauses(pending.table)
            for rebuilt in pending.rebuilt:
                then.operations.append(rebuilt)
                then.modify_column(rebuilt.after.name, rebuilt.after)
            self.flush()

    def _whole(self, sql: str, operation: Operation) -> None:
        self.flush()
        self.done.append(Statement(sql, (operation,)))
        self._apply(operation)

    def _apply(self, operation: Operation) -> None:
        match operation:
            case CreateTable():
                self.schema = operation.apply(self.schema, strict=False)
            case RenameTable() if operation.before not in self.schema.tables:
                pass
            case DropTable() | RenameTable():
                self.schema = operation.apply(self.schema, strict=False)
            case _ if isinstance(operation, OneTable):
                if operation.table in self.schema.tables:
                    self.schema = operation.apply(self.schema, strict=False)
                if isinstance(operation, RenameColumn):
                    self._rename_in_checks(operation)

    def _rename_in_checks(self, operation: RenameColumn) -> None:
        """A column's own CHECK follows it to its new name."""
        table = self._table(operation.table)
        checks = tuple(
            dataclasses.replace(
                check,
                column=operation.after,
                expression=with_names(check.expression, {operation.before.lower(): operation.after}),
            )
            if check.column == operation.before
            else check
            for check in table.checks
        )
        if checks != table.checks:
            self.schema = self.schema.with_table(dataclasses.replace(table, checks=checks))

    def _table(self, name: Name) -> Table:
        """The table as it is by now; one without anything where it is not known."""
        options = canonical_options(Options(), name.schema, self.facts)
        return self.schema.tables.get(name) or Table(name, (), options=options)

    # one ALTER TABLE

    def _alter(self, operation: OneTable) -> None:
        if isinstance(operation, AlterColumn) and is_rebuild(operation):
            self._rebuild_column(operation)
            return
        if isinstance(operation, AlterColumn) and operation not in self.texts and needs_text(operation):
            self._pass_through_text()
        if self.pending and (
            self.pending.table != operation.table
            or not joins(operation, self.pending, self.schema, self.facts)
        ):
            self.flush()
        clauses = self._clauses(operation.table)
        clauses.operations.append(operation)
        operation = resolved(operation, self._table(operation.table))
        self._lift(clauses, operation)
        mark(clauses, operation, self.schema, self.facts)
        table = self._table(operation.table)
        match operation:
            case AlterTable():
                clauses.options += option_changes(operation.before, operation.after)
                clauses.partitions = partition_change(operation.before, operation.after)
            case AddColumn():
                expect_fillable(operation.table, operation.column, self.facts.product)
                clauses.add_column(operation.column)
            case DropColumn():
                clauses.drop_column(operation.column.name)
            case AlterColumn():
                self._expect_readable(operation)
                clauses.modify_column(operation.before.name, operation.after)
            case RenameColumn():
                clauses.rename_column(operation.before, operation.after)
                clauses.renamed_indexes |= implicit.followers(
                    table, operation.before, operation.after, self.facts.product
                )
            case CreateIndex():
                clauses.add_index(operation.index, self.facts)
            case RenameIndex() | AlterIndex():
                before = dataclasses.replace(operation.before, name=index_name(table, operation.before))
                clauses.index_changes.append((before, operation.after))
            case DropIndex():
                clauses.drop_index(index_name(table, operation.index))
            case AddConstraint():
                self._add_constraint(clauses, operation.constraint, table)
            case DropConstraint():
                self._drop_constraint(clauses, operation.constraint, table)
            case _:
                assert_never(operation)
        self._apply(with_server_name(operation, table, self.facts))
        if isinstance(operation, RenameColumn):
            self._rename_indexes(operation.table, clauses.renamed_indexes)
            clauses.lifted_keys = [with_column(key, operation) for key in clauses.lifted_keys]

    def _expect_readable(self, operation: AlterColumn) -> None:
        """Raises `UnsupportedError` where a MODIFY, which repeats the whole column, would lose a part of it."""
        begin = f"column {operation.before.name}: "
        for unknown in self.schema.unsupported:
            if unknown.table == operation.table and unknown.what.startswith(begin):
                raise UnsupportedError(
                    f'cannot alter column "{operation.table}.{operation.before.name}": the database says '
                    f"{unknown.what.removeprefix(begin)} of it, which schemadiff cannot repeat and would lose",
                    hint="Write the ALTER TABLE yourself with op.execute(…, effect=[op.alter_column(…)]).",
                )

    def _lift(self, clauses: Clauses, operation: Operation) -> None:
        """Drops foreign keys until the end of the ALTER; their indexes stay."""
        table = self._table(clauses.table)
        keys = bound_keys(operation, table, self.schema, self.facts)
        for key in keys:
            name = key.name or implicit.foreign_key_name(table, key)
            clauses.drops.append(f"DROP FOREIGN KEY {quote(name)}")
            clauses.lifted_keys.append(dataclasses.replace(key, name=name))
        if keys:
            rest = tuple(key for key in table.foreign_keys if key not in keys)
            self.schema = self.schema.with_table(dataclasses.replace(table, foreign_keys=rest))

    def _rename_indexes(self, name: Name, renamed: Mapping[str, str]) -> None:
        table = self._table(name)
        indexes = tuple(
            dataclasses.replace(index, name=renamed.get(index.name or "", index.name))
            for index in table.indexes
        )
        if indexes != table.indexes:
            self.schema = self.schema.with_table(dataclasses.replace(table, indexes=indexes))

    def _clauses(self, name: Name) -> Clauses:
        if self.pending is None:
            self.pending = Clauses(name, self._table(name))
        return self.pending

    def _pass_through_text(self) -> None:
        """Makes the columns of this change and of those right after it texts, from which the server turns them into
        what they are to be.
        """
        self.flush()
        self.texts = texts_needed(self.later)
        key = self._table(self.texts[0].table).primary_key
        clauses = self._clauses(self.texts[0].table)
        clauses.operations += self.texts
        clauses.copies = True
        for change in self.texts:
            column = change.after
            text = dataclasses.replace(
                column,
                type=Type("varchar(64)"),
                nullable=column.nullable and not (key and column.name in key.columns),
                default=None,
                on_update=None,
                autoincrement=False,
            )
            clauses.modify_column(text.name, text)
        self.flush()

    def _rebuild_column(self, operation: AlterColumn) -> None:
        """Drops the column and adds it. One that counted goes together with its key."""
        before, after = operation.before, operation.after
        table = self._table(operation.table)
        renamed = self.pending is not None and self.pending.changes_index_on(before.name)
        if self.pending and (renamed or (not before.autoincrement and not self._joins_rebuilt(operation))):
            self.flush()
            table = self._table(operation.table)
        first = with_values(operation, table, self.facts, self.pending)
        signed = (
            first is not after and self.facts.product.computes_empty_row and subtracts_unsigned(first, table)
        )
        if signed and not before.autoincrement:
            self.flush()
        clauses = self._clauses(operation.table)
        clauses.operations.append(operation)
        clauses.copies = True
        clauses.add_again(first)
        take_along(clauses, before.name, table, self.facts)
        self._apply(operation)
        if first is after:
            return
        if signed:
            clauses.opening = SIGNED_DIFFERENCES
        if not after.autoincrement and not first.generated:
            clauses.rebuilt.append(operation)
            if signed:
                self.flush()
            return
        self.flush()
        clauses = self._clauses(operation.table)
        clauses.operations.append(operation)
        clauses.copies = True
        clauses.modify_column(after.name, after)

    def _joins_rebuilt(self, operation: AlterColumn) -> bool:
        pending = self.pending
        return (
            pending is not None
            and pending.table == operation.table
            and not operation.after.autoincrement
            and joins_rebuilt(operation, pending, self._table(operation.table), self.facts)
            and joins(operation, pending, self.schema, self.facts)
        )

    def _add_constraint(self, clauses: Clauses, constraint: Constraint, table: Table) -> None:
        match constraint:
            case PrimaryKey():
                if (GENERATED_KEY, "") in table.options.managed:
                    clauses.drops.append("DROP PRIMARY KEY")
                    clauses.drop_column("my_row_id")
                clauses.additions.append(f"ADD {primary_key_definition(constraint)}")
            case Unique():
                index = Index(plain_parts(constraint.columns), constraint.name, unique=True)
                clauses.additions.append(f"ADD {index_definition(index, self.facts, word='INDEX')}")
            case ForeignKey():
                self._add_foreign_key(clauses, constraint, table)
            case Check():
                column = self._own_column(constraint, table)
                if column:
                    clauses.modify_column(column.name, column)
                    return
                check = constraint
                if check.name is None:
                    name = implicit.next_check_name(table, self.facts.product)
                    if name and not implicit.is_counted_on(name, (other.name for other in table.checks)):
                        check = dataclasses.replace(check, name=name)
                clauses.additions.append(f"ADD {check_definition(check)}")
            case Exclude():
                raise UnsupportedError(f"table {table.name}: only PostgreSQL has exclusion constraints")
            case _:
                assert_never(constraint)

    def _add_foreign_key(self, clauses: Clauses, key: ForeignKey, table: Table) -> None:
        """Adds the key; one that the server named as if it had no name, because it names an index for it as well."""
        product = self.facts.product
        name = key.name or implicit.next_foreign_key_name(table)
        if (
            name
            and implicit.is_server_name(name, table)
            and not any(name == one.name for one in table.indexes)
        ):
            taken = [*clauses.dropped_foreign_keys, *(other.name for other in table.foreign_keys)]
            counted_on = implicit.is_counted_on(name, taken)
            key = dataclasses.replace(key, name=None if counted_on else name)
            if not counted_on and not implicit.is_served(table, key, product):
                column = implicit.free_name(key.columns[0], (index.name for index in table.indexes))
                index = Index(plain_parts(key.columns), column, implicit=True)
                clauses.additions.append(f"ADD {index_definition(index, self.facts, word='INDEX')}")
        clauses.additions.append(f"ADD {foreign_key_definition(key, table.name, self.facts)}")

    def _drop_constraint(self, clauses: Clauses, constraint: Constraint, table: Table) -> None:
        match constraint:
            case PrimaryKey():
                clauses.drops.append("DROP PRIMARY KEY")
            case Unique():
                index = Index(plain_parts(constraint.columns), constraint.name, unique=True)
                clauses.drop_index(
                    index_name(table, implicit.find_made(table.indexes, index, table) or index)
                )
            case ForeignKey():
                name = constraint.name or implicit.foreign_key_name(table, constraint)
                clauses.drops.append(f"DROP FOREIGN KEY {quote(name)}")
                clauses.dropped_foreign_keys.append(name)
                clauses.gone_keys.append(constraint)
            case Check():
                column = self._own_column(constraint, table)
                if column:
                    clauses.modify_column(column.name, column)
                else:
                    name = constraint.name or implicit.check_name(table, constraint, self.facts.product)
                    clauses.drops.append(f"{self.facts.product.drop_check} {quote(name)}")
            case Exclude():
                raise UnsupportedError(f"table {table.name}: only PostgreSQL has exclusion constraints")
            case _:
                assert_never(constraint)

    def _own_column(self, check: Check, table: Table) -> Column | None:
        """The column in whose own definition the CHECK stands."""
        if not self.facts.product.column_checks or check.name is not None or check.column is None:
            return None
        return table.column(check.column)
