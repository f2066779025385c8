"""What is compared, said by options, by the environment or in the settings file; several models."""

from tests.cli.shell import SETTINGS, Shell

MODELS = """
Table("item", metadata, Column("id", Integer, primary_key=True))
Table("item_old", metadata, Column("id", Integer, primary_key=True))
Table("hidden", metadata, Column("id", Integer), info={"schemadiff": "ignore"})
"""


def made(shell: Shell, *arguments: str) -> list[str]:
    found = shell("plan", "--dry-run", "--format", "json", *arguments, code=1).json
    return [one["table"] for one in found["operations"]]


def test_an_option_wins_over_the_environment_which_wins_over_the_file(shell: Shell) -> None:
    shell.models(MODELS)
    assert made(shell) == ["item", "item_old"]
    shell.write("schemadiff.toml", SETTINGS + 'exclude = ["*_old"]\n')
    assert made(shell) == ["item"]
    shell.environment["SCHEMADIFF_EXCLUDE"] = "nothing, it*m"
    assert made(shell) == ["item_old"]
    assert made(shell, "--exclude", "x", "--exclude", "y") == ["item", "item_old"]
    assert made(shell, "--exclude", "x", "--include", "*_old") == ["item_old"]
    told = shell("plan", "--include", "thing", code=2).err
    assert 'include "thing" matches no table' in told


def test_what_is_ignored_is_told(shell: Shell) -> None:
    shell.models(MODELS)
    told = shell("plan", "-m", "begin", "--exclude", "*_old").out
    assert "\n2 tables ignored\n" in told
    shell("apply")
    assert shell("check", "--exclude", "*_old").out == (
        "no differences: models, revisions and database agree (revision 0001, 2 tables ignored)\n"
    )
    assert "\n1 table ignored\n" in shell("check", code=1).out
    found = shell("check", "--exclude", "*_old", "--format", "json").json
    tables = [{"table": "hidden", "schema": None}, {"table": "item_old", "schema": None}]
    assert found["ignored"] == {"tables": tables, "columns": [], "options": []}


def test_a_list_must_be_one(shell: Shell) -> None:
    shell.write("schemadiff.toml", SETTINGS + 'exclude = "item"\n')
    told = shell("check", code=2).err
    assert 'the setting "exclude" must be a list of texts' in told


def test_models_as_a_list(shell: Shell) -> None:
    shell.models(MODELS)
    shell.write(
        "more.py",
        "import sqlalchemy as sa\n\nbase = sa.MetaData()\nsa.Table('more', base, sa.Column('id', sa.Integer))\n",
    )
    shell.write("schemadiff.toml", 'models = ["models:metadata", "more:base"]\n')
    assert made(shell, "--include", "*m*", "--exclude", "*_*") == ["item", "more"]
    assert made(shell, "--models", "more:base") == ["more"]
