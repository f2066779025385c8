"""The text of every --help on a terminal of 80 columns or more, by the name of the command: Typer would take 50 ms.

Made by `make help-texts` from `app`: change that, and make it again.
"""

# No `from __future__` and no import: this is all that a --help loads.

TEXTS = {
    "": """\
Usage: schemadiff [OPTIONS] COMMAND [ARGS]...

  Tells how a live database differs from its SQLAlchemy models, and carries
  the difference out.

Options:
  --version   Show the version and exit.
  -h, --help  Show this message and exit.

Commands:
  init      Scaffold settings and the directory of revisions.
  plan      Compare with the models and write the next revision.
  apply     Run pending revisions, finish an interrupted one.
  rollback  Undo the last revision, several, or half of one.
  check     Tell whether models, revisions, database agree.
  diff      Compare any two: databases, models, revisions.
  models    Show which models were found, and which were not.
  status    Show where the database is, and what is pending.
  history   List the revisions, applied and pending.
  show      Show one revision: operations, SQL, hazards.
  baseline  Take an existing database over as revision 0001.
  stamp     Record a revision as applied without running it.
  doctor    Mend what an Alembic upgrade left half-done.
  renumber  Move your revisions behind those of others, after a merge.
  revision  Write an empty revision, for SQL of your own.

  Exit codes: 0 fine or no difference, 1 differences or pending work found, 2
  error.
""",
    "init": """\
Usage: schemadiff init [OPTIONS]

  Scaffold settings and the directory of revisions.

Options:
  --url URL                  The database; else SCHEMADIFF_URL, DATABASE_URL
                             or the settings file say it.
  --models MODULE:ATTRIBUTE  The models: a MetaData, declarative base, Flask-
                             SQLAlchemy db, a list of these, or a factory.
  --versions DIRECTORY       The revision files; "versions" by default.
  -h, --help                 Show this message and exit.
""",
    "plan": """\
Usage: schemadiff plan [OPTIONS]

  Compare with the models and write the next revision.

Options:
  -m, --message TEXT            What the revision does.
  --dry-run                     Show it and change nothing; exits 1 when there
                                is work.
  --wait SECONDS                How long to wait for a database that is still
                                starting.  [default: 0; x>=0]
  --rename T.A=B                Column A of table T is now called B; T=B
                                renames a table. May be repeated.
  --no-renames                  What looks like a rename is a drop and an
                                addition.
  --online <auto|always|never>  Change tables so that nobody has to wait:
                                those that are not small (auto), all, none.
  --include GLOB                Compare no other tables: a pattern for table
                                or schema.table. May be repeated.
  --exclude GLOB                Do not compare these tables: a pattern for
                                table or schema.table. May be repeated.
  --schema NAME                 Also compare this schema of the database,
                                which no model names. May be repeated.
  --format <text|json>          How to write what was found.  [default: text]
  --url URL                     The database; else SCHEMADIFF_URL,
                                DATABASE_URL or the settings file say it.
  --models MODULE:ATTRIBUTE     The models: a MetaData, declarative base,
                                Flask-SQLAlchemy db, a list of these, or a
                                factory.
  --versions DIRECTORY          The revision files; "versions" by default.
  -h, --help                    Show this message and exit.
""",
    "apply": """\
Usage: schemadiff apply [OPTIONS]

  Run pending revisions, finish an interrupted one.

Options:
  --to N                        The last revision to apply.
  --sql                         Print the SQL statements and change nothing.
  --dry-run                     Show it and change nothing; exits 1 when there
                                is work.
  --allow CODE                  A hazard that may pass, such as SD102, or
                                "all". May be repeated.
  -y, --yes                     Do not ask whether to run. Allows no hazard.
  --lock-wait SECONDS           How long to wait for another run to end, and
                                for locks on tables.  [default: 60.0; x>=0]
  --lock-timeout SECONDS        How long one try for a table's lock may make
                                others wait behind it.  [default: 2.0;
                                x>=0.01]
  --wait SECONDS                How long to wait for a database that is still
                                starting.  [default: 0; x>=0]
  --online <auto|always|never>  Change tables so that nobody has to wait:
                                those that are not small (auto), all, none.
  --transaction <each|all>      Commit each revision by itself, or all of the
                                run together (PostgreSQL, SQLite).
  --format <text|sql|json>      How to write what was found.  [default: text]
  --url URL                     The database; else SCHEMADIFF_URL,
                                DATABASE_URL or the settings file say it.
  --models MODULE:ATTRIBUTE     The models: a MetaData, declarative base,
                                Flask-SQLAlchemy db, a list of these, or a
                                factory.
  --versions DIRECTORY          The revision files; "versions" by default.
  -h, --help                    Show this message and exit.
""",
    "rollback": """\
Usage: schemadiff rollback [OPTIONS]

  Undo the last revision, several, or half of one.

Options:
  --to N                        The revision to go back to; 0 is before all.
  --steps K                     How many revisions to undo: 1 by default.
  --sql                         Print the SQL statements and change nothing.
  --dry-run                     Show it and change nothing; exits 1 when there
                                is work.
  --allow CODE                  A hazard that may pass, such as SD102, or
                                "all". May be repeated.
  -y, --yes                     Do not ask whether to run. Allows no hazard.
  --lock-wait SECONDS           How long to wait for another run to end, and
                                for locks on tables.  [default: 60.0; x>=0]
  --lock-timeout SECONDS        How long one try for a table's lock may make
                                others wait behind it.  [default: 2.0;
                                x>=0.01]
  --wait SECONDS                How long to wait for a database that is still
                                starting.  [default: 0; x>=0]
  --online <auto|always|never>  Change tables so that nobody has to wait:
                                those that are not small (auto), all, none.
  --transaction <each|all>      Commit each revision by itself, or all of the
                                run together (PostgreSQL, SQLite).
  --format <text|sql|json>      How to write what was found.  [default: text]
  --url URL                     The database; else SCHEMADIFF_URL,
                                DATABASE_URL or the settings file say it.
  --models MODULE:ATTRIBUTE     The models: a MetaData, declarative base,
                                Flask-SQLAlchemy db, a list of these, or a
                                factory.
  --versions DIRECTORY          The revision files; "versions" by default.
  -h, --help                    Show this message and exit.
""",
    "check": """\
Usage: schemadiff check [OPTIONS]

  Tell whether models, revisions, database agree.

Options:
  --wait SECONDS             How long to wait for a database that is still
                             starting.  [default: 0; x>=0]
  --include GLOB             Compare no other tables: a pattern for table or
                             schema.table. May be repeated.
  --exclude GLOB             Do not compare these tables: a pattern for table
                             or schema.table. May be repeated.
  --schema NAME              Also compare this schema of the database, which
                             no model names. May be repeated.
  --format <text|json>       How to write what was found.  [default: text]
  --url URL                  The database; else SCHEMADIFF_URL, DATABASE_URL
                             or the settings file say it.
  --models MODULE:ATTRIBUTE  The models: a MetaData, declarative base, Flask-
                             SQLAlchemy db, a list of these, or a factory.
  --versions DIRECTORY       The revision files; "versions" by default.
  -h, --help                 Show this message and exit.
""",
    "diff": """\
Usage: schemadiff diff [OPTIONS] {A} {B}

  Compare any two: databases, models, revisions.

Arguments:
  A <str>  A database URL, module:attribute, or a directory of revisions, at
           one of them: versions/@7.  [required]
  B <str>  What to compare it with: as A.  [required]

Options:
  --include GLOB            Compare no other tables: a pattern for table or
                            schema.table. May be repeated.
  --exclude GLOB            Do not compare these tables: a pattern for table
                            or schema.table. May be repeated.
  --format <text|sql|json>  How to write what was found.  [default: text]
  --url URL                 The database; else SCHEMADIFF_URL, DATABASE_URL or
                            the settings file say it.
  -h, --help                Show this message and exit.
""",
    "models": """\
Usage: schemadiff models [OPTIONS]

  Show which models were found, and which were not.

Options:
  --include GLOB             Compare no other tables: a pattern for table or
                             schema.table. May be repeated.
  --exclude GLOB             Do not compare these tables: a pattern for table
                             or schema.table. May be repeated.
  --schema NAME              Also compare this schema of the database, which
                             no model names. May be repeated.
  --format <text|json>       How to write what was found.  [default: text]
  --url URL                  The database; else SCHEMADIFF_URL, DATABASE_URL
                             or the settings file say it.
  --models MODULE:ATTRIBUTE  The models: a MetaData, declarative base, Flask-
                             SQLAlchemy db, a list of these, or a factory.
  -h, --help                 Show this message and exit.
""",
    "status": """\
Usage: schemadiff status [OPTIONS]

  Show where the database is, and what is pending.

Options:
  --wait SECONDS             How long to wait for a database that is still
                             starting.  [default: 0; x>=0]
  --format <text|json>       How to write what was found.  [default: text]
  --url URL                  The database; else SCHEMADIFF_URL, DATABASE_URL
                             or the settings file say it.
  --models MODULE:ATTRIBUTE  The models: a MetaData, declarative base, Flask-
                             SQLAlchemy db, a list of these, or a factory.
  --versions DIRECTORY       The revision files; "versions" by default.
  -h, --help                 Show this message and exit.
""",
    "history": """\
Usage: schemadiff history [OPTIONS]

  List the revisions, applied and pending.

Options:
  --format <text|json>       How to write what was found.  [default: text]
  --url URL                  The database; else SCHEMADIFF_URL, DATABASE_URL
                             or the settings file say it.
  --models MODULE:ATTRIBUTE  The models: a MetaData, declarative base, Flask-
                             SQLAlchemy db, a list of these, or a factory.
  --versions DIRECTORY       The revision files; "versions" by default.
  -h, --help                 Show this message and exit.
""",
    "show": """\
Usage: schemadiff show [OPTIONS] {N}

  Show one revision: operations, SQL, hazards.

Arguments:
  N <int>  The number of the revision.  [required]

Options:
  --format <text|json>       How to write what was found.  [default: text]
  --url URL                  The database; else SCHEMADIFF_URL, DATABASE_URL
                             or the settings file say it.
  --models MODULE:ATTRIBUTE  The models: a MetaData, declarative base, Flask-
                             SQLAlchemy db, a list of these, or a factory.
  --versions DIRECTORY       The revision files; "versions" by default.
  -h, --help                 Show this message and exit.
""",
    "baseline": """\
Usage: schemadiff baseline [OPTIONS]

  Take an existing database over as revision 0001.

Options:
  -m, --message TEXT         What the revision does.
  --from-alembic DIRECTORY   Alembic's directory: the database is at its head,
                             and the file says for what it stands.
  --drop-alembic-version     Drop Alembic's own table then, or later.
  --lock-wait SECONDS        How long to wait for another run to end, and for
                             locks on tables.  [default: 60.0; x>=0]
  --include GLOB             Compare no other tables: a pattern for table or
                             schema.table. May be repeated.
  --exclude GLOB             Do not compare these tables: a pattern for table
                             or schema.table. May be repeated.
  --schema NAME              Also compare this schema of the database, which
                             no model names. May be repeated.
  --format <text|json>       How to write what was found.  [default: text]
  --url URL                  The database; else SCHEMADIFF_URL, DATABASE_URL
                             or the settings file say it.
  --models MODULE:ATTRIBUTE  The models: a MetaData, declarative base, Flask-
                             SQLAlchemy db, a list of these, or a factory.
  --versions DIRECTORY       The revision files; "versions" by default.
  -h, --help                 Show this message and exit.
""",
    "stamp": """\
Usage: schemadiff stamp [OPTIONS] {REVISION}

  Record a revision as applied without running it.

Arguments:
  REVISION <str>  Its number, head (the newest one) or base (before all).
                  [required]

Options:
  --force                    Record it without a look at the database.
  --lock-wait SECONDS        How long to wait for another run to end, and for
                             locks on tables.  [default: 60.0; x>=0]
  --wait SECONDS             How long to wait for a database that is still
                             starting.  [default: 0; x>=0]
  --include GLOB             Compare no other tables: a pattern for table or
                             schema.table. May be repeated.
  --exclude GLOB             Do not compare these tables: a pattern for table
                             or schema.table. May be repeated.
  --schema NAME              Also compare this schema of the database, which
                             no model names. May be repeated.
  --format <text|json>       How to write what was found.  [default: text]
  --url URL                  The database; else SCHEMADIFF_URL, DATABASE_URL
                             or the settings file say it.
  --models MODULE:ATTRIBUTE  The models: a MetaData, declarative base, Flask-
                             SQLAlchemy db, a list of these, or a factory.
  --versions DIRECTORY       The revision files; "versions" by default.
  -h, --help                 Show this message and exit.
""",
    "doctor": """\
Usage: schemadiff doctor [OPTIONS]

  Mend what an Alembic upgrade left half-done.

Options:
  --alembic DIRECTORY       Alembic's directory; else alembic.ini, migrations
                            or alembic beside you.
  --finish                  Carry out what is left, and enter the revision in
                            Alembic's table.
  --undo                    Take back what is done of the revision.
  --done N                  How many operations are through, where SQL or rows
                            leave that open.
  --sql                     Print the SQL statements and change nothing.
  --dry-run                 Show it and change nothing; exits 1 when there is
                            work.
  --allow CODE              A hazard that may pass, such as SD102, or "all".
                            May be repeated.
  -y, --yes                 Do not ask whether to run. Allows no hazard.
  --lock-wait SECONDS       How long to wait for another run to end, and for
                            locks on tables.  [default: 60.0; x>=0]
  --lock-timeout SECONDS    How long one try for a table's lock may make
                            others wait behind it.  [default: 2.0; x>=0.01]
  --format <text|sql|json>  How to write what was found.  [default: text]
  --url URL                 The database; else SCHEMADIFF_URL, DATABASE_URL or
                            the settings file say it.
  -h, --help                Show this message and exit.
""",
    "renumber": """\
Usage: schemadiff renumber [OPTIONS]

  Move your revisions behind those of others, after a merge.

Options:
  --dry-run             Show it and change nothing; exits 1 when there is
                        work.
  --mine FILE           A revision file of yours; by default those that the
                        main branch lacks. May be repeated.
  --format <text|json>  How to write what was found.  [default: text]
  --url URL             The database; else SCHEMADIFF_URL, DATABASE_URL or the
                        settings file say it.
  --versions DIRECTORY  The revision files; "versions" by default.
  -h, --help            Show this message and exit.
""",
    "revision": """\
Usage: schemadiff revision [OPTIONS]

  Write an empty revision, for SQL of your own.

Options:
  -m, --message TEXT    What the revision does.
  --format <text|json>  How to write what was found.  [default: text]
  --versions DIRECTORY  The revision files; "versions" by default.
  -h, --help            Show this message and exit.
""",
}
