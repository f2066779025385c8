"""Models, drawn table by table."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from schemadiff.testing.strategies.engines import Engine, Kind, engine_of
from schemadiff.testing.strategies.forms import COMPUTED, FORMS, INLINE, part_forms
from schemadiff.testing.strategies.models import (
    Check,
    Column,
    ForeignKey,
    Index,
    IndexPart,
    Models,
    Table,
    Unique,
)
from schemadiff.testing.strategies.settling import settle
from schemadiff.testing.strategies.texts import comment, free_name, maybe_named, numbered, once_in, some


@st.composite
def schemas(draw: DrawFn, engine: str | Engine) -> Models:
    """Models of one to four tables: columns of all types with server defaults, comments, identity and generated
    columns, keys, constraints and indexes with names and without, foreign keys that may run in circles, enumerated
    types and options, under plain and odd names. The engine is one of mysql, mariadb, postgresql and
    sqlite, or an `Engine` that says what another database takes.
    """
    members = draw(st.sampled_from([("a", "b"), ("a", "it's", "x y"), ("a", "100%", "ö", "b:c")]))
    known = engine_of(engine)
    models = Models(known, enums=(("mood", members), ("Kind", ("a", "b", "c"))) if known.enums else ())
    for _ in range(draw(st.integers(1, 4))):
        models = add_table(draw, models)
    for table in models.tables:
        if not once_in(draw, 3):
            models = add_foreign_key(draw, models, table)
    return settle(models)


def add_table(draw: DrawFn, models: Models) -> Models:
    """The models with one more table."""
    taken = [table.name for table in models.tables]
    table = Table(free_name(draw, taken, ("user", "post", "tag", "mail", "job", "item")), ())
    for _ in range(draw(st.integers(1, 4))):
        table = add_column(draw, models, table)
    table = draw_primary_key(draw, models, table)
    if draw(st.booleans()):
        table, models = add_thing(draw, models, table)
    if once_in(draw, 3):
        table, models = add_thing(draw, models, table)
    options = draw_options(draw, models) if once_in(draw, 5) else ()
    return models.with_table(dataclasses.replace(table, comment=comment(draw), options=options))


def draw_options(draw: DrawFn, models: Models) -> tuple[str, ...]:
    """Options of a table, as far as the engine has any."""
    possible = models.engine.table_options
    return tuple(draw(st.lists(st.sampled_from(possible), unique=True, max_size=2))) if possible else ()


def draw_kind(draw: DrawFn, models: Models, needed: Callable[[Kind], bool] = lambda _: True) -> Kind:
    """A type, of those that are needed."""
    return draw(st.sampled_from([kind for kind in models.kinds() if needed(kind)]))


def add_column(draw: DrawFn, models: Models, table: Table) -> Table:
    """The table with one more column."""
    taken = [column.name for column in table.columns]
    name = free_name(draw, taken, ("a", "b", "c", "d", "e", "f", "g", "h"))
    kind = draw_kind(draw, models)
    column = Column(name, kind, draw(st.booleans()), draw_default(draw, kind), comment(draw))
    if kind.group == "int" and once_in(draw, 3):
        column = draw_origin(draw, models, table, column)
    return dataclasses.replace(table, columns=(*table.columns, column))


def draw_default(draw: DrawFn, kind: Kind) -> str | None:
    """A server default or none."""
    return draw(st.sampled_from([None, None, *kind.defaults])) if kind.defaults else None


def draw_origin(draw: DrawFn, models: Models, table: Table, column: Column) -> Column:
    """The column as one that is generated, or numbers its rows, or neither; `settle` removes what cannot be."""
    engine = models.engine
    plain = dataclasses.replace(column, computed=None, identity=None)
    bases = [one.name for one in table.columns if one.name != column.name and one.kind.group == "int"]
    if bases and once_in(draw, 2):
        form = draw(st.sampled_from(COMPUTED))
        base = draw(st.sampled_from(bases))
        return dataclasses.replace(plain, computed=(base, form, draw(st.sampled_from(engine.stored))))
    if engine.identities:
        return dataclasses.replace(plain, identity=draw(st.sampled_from([None, *engine.identities])))
    return plain


def draw_primary_key(draw: DrawFn, models: Models, table: Table) -> Table:
    """The table with another primary key, now and then with none."""
    usable = [column for column in table.columns if column.kind.key and not column.computed]
    columns = some(draw, usable, 2) if usable and not once_in(draw, 10) else ()
    table = dataclasses.replace(
        table,
        primary_key=tuple(column.name for column in columns),
        primary_key_name=f"pk {table.name}"[:60] if columns and once_in(draw, 4) else None,
        columns=tuple(dataclasses.replace(column, autoincrement=None) for column in table.columns),
    )
    counting = [column for column in columns[:1] if column.kind.counts and column.default is None]
    if not models.engine.counting:
        return table
    if not counting or (len(columns) > 1 and not models.engine.composite_counting):
        return table
    if once_in(draw, 4):
        table = table.with_column(dataclasses.replace(counting[0], autoincrement=len(columns) > 1))
    return table


def add_thing(draw: DrawFn, models: Models, table: Table) -> tuple[Table, Models]:
    """The table with one more unique constraint, index or check, and the models that know of its name."""
    add = draw(st.sampled_from([_add_unique, _add_index, _add_check]))
    return add(draw, models, table)


def _add_unique(draw: DrawFn, models: Models, table: Table) -> tuple[Table, Models]:
    usable = [column.name for column in table.columns if column.kind.key]
    if not usable:
        return table, models
    name, models = maybe_named(draw, models, "uq")
    later = models.engine.deferrable_uniques and once_in(draw, 6)
    unique = Unique(some(draw, usable, 2), name, later)
    return dataclasses.replace(table, uniques=(*table.uniques, unique)), models


def _add_index(draw: DrawFn, models: Models, table: Table) -> tuple[Table, Models]:
    name, models = numbered(draw, models, "ix")
    index = draw_index(draw, models, table, name)
    return (dataclasses.replace(table, indexes=(*table.indexes, index)) if index else table), models


def draw_index(draw: DrawFn, models: Models, table: Table, name: str) -> Index | None:
    """An index of that name; ``None`` where no column can be in one."""
    usable = [column for column in table.columns if column.kind.key]
    if not usable:
        return None
    engine = models.engine
    columns = some(draw, usable, 3)
    parts = tuple(
        IndexPart(column.name, draw(st.sampled_from(part_forms(engine, column.kind)))) for column in columns
    )
    kind = columns[0].kind
    where = option = None
    if engine.partial and once_in(draw, 6):
        where = draw(st.sampled_from([form for form in FORMS[kind.group] if not form.startswith("sa.func")]))
    options = [one.source for one in engine.index_options if one.fits(kind)]
    if options and once_in(draw, 4):
        option, parts = draw(st.sampled_from(options)), (IndexPart(columns[0].name),)
    return Index(parts, name, once_in(draw, 3), where, option)


def _add_check(draw: DrawFn, models: Models, table: Table) -> tuple[Table, Models]:
    name, models = maybe_named(draw, models, "ck")
    numbers = [column.name for column in table.columns if column.kind.group == "int"]
    if len(numbers) > 1 and draw(st.booleans()):
        check = Check((numbers[0], numbers[1]), "{0} < {1}", name)
    else:
        column = draw(st.sampled_from(table.columns))
        form = draw(st.sampled_from(FORMS[column.kind.group]))
        check = Check((column.name,), form, name)
        plain = column.name.isascii() and column.name.islower() and column.name.isidentifier()
        if name is None and plain and form in INLINE and column.name != "order":
            check = dataclasses.replace(check, inline=draw(st.booleans()))
    return dataclasses.replace(table, checks=(*table.checks, check)), models


def add_foreign_key(draw: DrawFn, models: Models, table: Table) -> Models:
    """The models with a foreign key over columns that the table has or is given for it."""
    others = models.tables if models.engine.circles else models.tables[: models.tables.index(table)]
    targets = [(other, key) for other in others for key in other.targets()]
    if not targets:
        return models
    target, key = draw(st.sampled_from(targets))
    columns: list[str] = []
    for name in key:
        kind = target.column(name).kind
        same = [
            column.name
            for column in table.columns
            if column.kind.source == kind.source and column.name not in (*columns, *key)
        ]
        if same and once_in(draw, 2):
            columns.append(draw(st.sampled_from(same)))
            continue
        taken = [column.name for column in table.columns]
        new = free_name(draw, taken, ("parent", "other", "owner", "x", "y", "z"))
        added = Column(new, kind, not once_in(draw, 3))
        table = dataclasses.replace(table, columns=(*table.columns, added))
        columns.append(new)
    named, models = maybe_named(draw, models, "fk")
    foreign_key = draw_actions(draw, models, ForeignKey(tuple(columns), target.name, key, named))
    return models.with_table(dataclasses.replace(table, foreign_keys=(*table.foreign_keys, foreign_key)))


def draw_actions(draw: DrawFn, models: Models, key: ForeignKey) -> ForeignKey:
    """The foreign key with other actions."""
    actions = models.engine.actions
    return dataclasses.replace(
        key,
        on_delete=draw(st.sampled_from(actions)),
        on_update=draw(st.sampled_from(actions)) if draw(st.booleans()) else None,
        deferrable=models.engine.deferrable_keys and once_in(draw, 6),
    )
