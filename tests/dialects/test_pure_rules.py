"""Pure rules of dialects, which servers confirm elsewhere: values lost, labels renamed, partitions, sequences."""

from __future__ import annotations

import pytest

from schemadiff.dialects.mysql.canonical import partitions
from schemadiff.dialects.mysql.sql import label_renames as mysql_labels
from schemadiff.dialects.mysql.sql import through_text
from schemadiff.dialects.mysql.sql import value_loss as mysql_loss
from schemadiff.dialects.postgresql.canonical.temporal_keys import kept
from schemadiff.dialects.postgresql.sql import label_renames as postgresql_labels
from schemadiff.dialects.postgresql.sql import sequences
from schemadiff.dialects.postgresql.sql import value_loss as postgresql_loss
from schemadiff.dialects.shared.value_loss import Loss
from schemadiff.operations import AddColumn, AlterColumn
from schemadiff.operations.objects import ReplaceObject
from schemadiff.schema import (
    Column,
    Enum,
    ForeignKey,
    Identity,
    Name,
    PrimaryKey,
    Schema,
    Sequence,
    Table,
    Type,
    Unique,
)

T = Name("t")


def column(sql: str, values: tuple[str, ...] | None = None) -> Column:
    return Column("a", Type(sql, values))


def altered(before: Column, after: Column) -> AlterColumn:
    return AlterColumn(T, before, after)


def said(loss: Loss | None) -> tuple[str, str] | None:
    return None if loss is None else (loss.code, loss.condition)


@pytest.mark.parametrize(
    ("before", "after", "loss"),
    [
        ("bigint", "int", None),  # the server refuses what does not fit
        ("decimal(8,0)", "int", None),
        ("decimal(8,2)", "int", ("SD105", "`a` <> ROUND(`a`)")),
        ("decimal(8,2)", "decimal(8,3)", None),
        ("decimal(8,2)", "decimal(8,1)", ("SD105", "`a` <> CAST(`a` AS DECIMAL(8,1))")),
        ("smallint", "float", None),
        ("bigint", "double", ("SD105", "`a` <> CAST(CAST(`a` AS DOUBLE) AS DECIMAL(65,0))")),
        ("double", "float", ("SD105", "`a` <> CAST(`a` AS FLOAT)")),
        ("float", "double", None),
        ("datetime(6)", "datetime(3)", ("SD108", "`a` <> CAST(`a` AS DATETIME(3))")),
        ("datetime", "datetime(3)", None),
        ("datetime", "date", ("SD108", "`a` <> CAST(`a` AS DATE)")),
        ("datetime", "time", ("SD108", "`a` IS NOT NULL")),
        ("time", "datetime", ("SD109", "`a` IS NOT NULL")),
        ("time(2)", "time", ("SD108", "`a` <> CAST(`a` AS TIME(0))")),
        ("varchar(20)", "double", ("SD109", "(`a` REGEXP '^[[:space:]]*[-+]?0[0-9]')")),
        ("varchar(20)", "date", ("SD108", "CAST(`a` AS DATETIME(6)) <> CAST(`a` AS DATE)")),
        ("varchar(20)", "time", ("SD108", "`a` REGEXP '[0-9]-[0-9]'")),
        ("varchar(20)", "datetime(6)", None),
        ("varchar(20)", "datetime", ("SD108", "CAST(`a` AS DATETIME(6)) <> CAST(`a` AS DATETIME(0))")),
        ("varchar(20)", "varchar(10)", None),
    ],
)
def test_values_that_mysql_changes(before: str, after: str, loss: tuple[str, str] | None) -> None:
    assert said(mysql_loss.losing(column(before), column(after))) == loss


@pytest.mark.parametrize(
    ("before", "after", "loss"),
    [
        ("bigint", "integer", None),
        ("numeric(8,0)", "integer", None),
        ("numeric(8,2)", "integer", ("SD105", '"a" IS DISTINCT FROM "a"::integer::numeric(8,2)')),
        ("numeric(8,2)", "numeric(9,2)", None),
        ("numeric", "numeric(9,2)", ("SD105", '"a" IS DISTINCT FROM "a"::numeric(9,2)::numeric')),
        ("smallint", "real", None),
        ("integer", "real", ("SD105", '"a" IS DISTINCT FROM "a"::real::integer')),
        ("integer", "money", None),
        ("integer", "boolean", ("SD109", '"a" NOT IN (0, 1)')),
        ("text", "integer", ("SD109", "(\"a\" ~ '^\\s*[-+]?0[0-9]')")),
        ("text", "date", ("SD108", '"a"::timestamp IS DISTINCT FROM "a"::date')),
        ("text", "time without time zone", ("SD108", "\"a\" ~ '[0-9]-[0-9]+-'")),
        ("text", "timestamp without time zone", None),
        ("timestamp without time zone", "time without time zone", ("SD108", '"a" IS NOT NULL')),
        ("integer[]", "text", None),
        ("text", "text", None),
    ],
)
def test_values_that_postgresql_changes(before: str, after: str, loss: tuple[str, str] | None) -> None:
    assert said(postgresql_loss.losing(column(before), column(after))) == loss


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("timestamp without time zone", "date"),
        ("time with time zone", "time without time zone"),
        ("timestamp(6) without time zone", "timestamp(3) without time zone"),
        ("interval", "interval(2)"),
    ],
)
def test_moments_that_do_not_come_back(before: str, after: str) -> None:
    loss = said(postgresql_loss.losing(column(before), column(after)))
    assert loss is not None
    assert loss[0] == "SD108"
    assert loss[1].startswith('"a" IS DISTINCT FROM "a"::')


def test_members_of_an_enum_are_lost_by_no_conversion() -> None:
    assert postgresql_loss.losing(column("mood", ("a",)), column("integer")) is None


def test_a_label_that_goes_while_one_comes_may_be_renamed() -> None:
    for found in (
        mysql_labels.relabelling(altered(column("enum('new','gone')"), column("enum('new','come')"))),
        postgresql_labels.relabelling(
            altered(column("mood", ("new", "gone")), column("mood", ("new", "come")))
        ),
        postgresql_labels.relabelling(
            ReplaceObject(Enum(Name("mood"), ("new", "gone")), Enum(Name("mood"), ("new", "come")))
        ),
    ):
        assert found is not None
        assert found.gone == ("gone",)
        assert found.way.startswith("If it was renamed ('gone' to 'come'), write ")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("enum('a')", "enum('a','b')"),
        ("enum('a','b')", "enum('a')"),
        ("enum('a')", "set('b')"),
        ("int", "bigint"),
    ],
)
def test_no_label_of_mysql_is_renamed(before: str, after: str) -> None:
    assert mysql_labels.relabelling(altered(column(before), column(after))) is None


def test_no_label_of_postgresql_is_renamed() -> None:
    for before, after in (
        (column("mood", ("a",)), column("mood", ("a", "b"))),
        (column("mood", ("a",)), column("other", ("b",))),
        (column("text"), column("mood", ("b",))),
    ):
        assert postgresql_labels.relabelling(altered(before, after)) is None


def test_partitions_have_one_form() -> None:
    server = "RANGE (`id`)\n(PARTITION p0 VALUES LESS THAN (10) ENGINE = InnoDB)"
    model = "range(id) (partition p0 values less than (10))"
    forms = {partitions.canonical_partitions({"PARTITION_BY": one}) for one in (server, model)}
    assert forms == {"range(id) (partition p0 values less than(10))"}
    assert partitions.canonical_partitions({}) is None
    assert partitions.canonical_partitions({"PARTITION_BY": "HASH (id)", "PARTITIONS": "4"}) == (
        "hash(id) partitions 4"
    )


def test_values_between_partitions_are_computed_by_the_server() -> None:
    text = "range (id) (partition a values less than (5 * 2), partition b values less than (maxvalue))"
    assert partitions.computed_values(text) == ("5 * 2",)
    assert partitions.with_values(text, {"5 * 2": "10"}) == text.replace("5 * 2", "10")


def test_columns_of_partitions_are_renamed_and_quoted() -> None:
    text = "range (year (at)) (partition at values less than (10))"
    assert partitions.with_new_names(text, {"at": "since"}) == (
        "range (year (`since`)) (partition at values less than (10))"
    )
    assert partitions.runnable("hash (order)") == "hash (`order`)"


def test_a_type_to_which_only_a_text_leads() -> None:
    through, plain = altered(column("uuid"), column("int")), altered(column("int"), column("bigint"))
    assert through_text.texts_needed([through, through, plain]) == [through]
    assert through_text.texts_needed([plain, AddColumn(T, column("int")), through]) == []


SEQUENCE = Sequence(Name("t_a_seq"), "bigint", start=5)


def owned_by(owner: Column | None) -> Schema:
    return Schema({T: Table(T, (owner,))} if owner else {})


def test_a_sequence_of_its_own() -> None:
    alone = owned_by(None)
    assert list(sequences.create(SEQUENCE, alone)) == ['CREATE SEQUENCE "t_a_seq" AS bigint START WITH 5']
    assert sequences.drop(SEQUENCE, alone) == 'DROP SEQUENCE "t_a_seq"'
    down = Sequence(SEQUENCE.name, "bigint", increment=-1)
    assert sequences.alter(SEQUENCE, down).startswith('ALTER SEQUENCE "t_a_seq" INCREMENT BY -1')


def test_a_sequence_that_a_serial_has() -> None:
    serial = owned_by(Column("a", Type("integer"), autoincrement=True))
    first, second = sequences.create(SEQUENCE, serial)
    assert first == 'CREATE SEQUENCE IF NOT EXISTS "t_a_seq" AS bigint START WITH 5'
    assert second == (
        'ALTER SEQUENCE "t_a_seq" AS bigint INCREMENT BY 1 NO MINVALUE NO MAXVALUE START WITH 5 '
        "CACHE 1 NO CYCLE OWNED BY NONE"
    )
    assert "IS DISTINCT FROM '\"t_a_seq\"'::regclass" in sequences.drop(SEQUENCE, serial)


def test_a_sequence_that_an_identity_has_goes_on_where_that_stood() -> None:
    identity = owned_by(Column("a", Type("integer"), identity=Identity()))
    (block,) = sequences.create(SEQUENCE, identity)
    assert block.index("DROP IDENTITY") < block.index("CREATE SEQUENCE") < block.index("PERFORM setval")


def test_keys_over_time_stay_where_models_are_silent() -> None:
    def table(over_time: bool) -> Table:
        return Table(
            T,
            (column("integer"), Column("b", Type("daterange"))),
            PrimaryKey(("a", "b"), without_overlaps=over_time),
            foreign_keys=(ForeignKey(("a", "b"), Name("u"), ("a", "b"), period=over_time),),
            uniques=(Unique(("a", "b"), "u", without_overlaps=over_time),),
        )

    live, silent = table(True), table(False)
    assert kept(live, silent) == live
    assert kept(silent, silent) is silent
    other = Table(T, silent.columns, PrimaryKey(("a",)))
    assert kept(live, other) == other
