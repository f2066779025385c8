"""The exceptions that schemadiff raises for its users.

    SchemadiffError
    ├── UsageError            the call itself is wrong: an option, a combination, a name
    │   └── ConfigError       a setting is missing, malformed or points nowhere
    ├── ModelsError           the models cannot be imported, or declare no tables
    ├── UnsupportedError      a definition that schemadiff cannot represent, refused by name
    ├── RevisionError         a revision file, or the directory of them, is wrong
    │   ├── ReplayError       an operation's before-image is not what the earlier revisions made
    │   └── DigestError       an applied revision was edited
    ├── DatabaseError         the server cannot be reached, or refused what it was asked
    │   ├── LockedError       another run holds the lock
    │   └── StepError         one statement of a revision failed; what is done and what is not is said
    ├── VersionError          the version table is missing a row, has too many, or is ahead of the files
    ├── PendingError          the command needs a database at the newest revision, and it is not there
    ├── StoppedError          the run was stopped because somebody asked for it
    ├── HazardError           something would be destroyed and nobody has allowed it
    └── AmbiguousError        a rename is possible and nobody has said whether it is one

Every message says what happened, where, and what to do next. No I/O here.
"""

from __future__ import annotations


class SchemadiffError(Exception):
    """The root of the tree. `message` says what and where; `hint`, where there is one, what to do next."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class UsageError(SchemadiffError):
    """The call itself is wrong."""


class ConfigError(UsageError):
    """A setting is missing, malformed or points nowhere."""


class ModelsError(SchemadiffError):
    """The models cannot be imported, or declare no tables."""


class UnsupportedError(SchemadiffError):
    """A definition that schemadiff cannot represent: refused by name, never skipped in silence."""


class RevisionError(SchemadiffError):
    """A revision file, or the directory of them, is wrong."""


class ReplayError(RevisionError):
    """An operation does not fit the schema it is applied to."""


class DigestError(RevisionError):
    """A revision that the database has applied was edited afterwards."""


class DatabaseError(SchemadiffError):
    """The server cannot be reached, or refused what it was asked."""


class LockedError(DatabaseError):
    """Another run of schemadiff holds the lock on this database."""


class StepError(DatabaseError):
    """One statement of a revision failed; the message says what is done and what is not."""


class VersionError(SchemadiffError):
    """The version table contradicts itself or the revision files."""


class PendingError(SchemadiffError):
    """The database is not at the newest revision, and the command needs it to be."""


class StoppedError(SchemadiffError):
    """The run was stopped because somebody asked for it: a progress callback, which raises this, or Ctrl-C."""


class Leave(KeyboardInterrupt):
    """Raised in what runs, to leave it at once: a signal has asked for it some time ago."""


class HazardError(SchemadiffError):
    """Something would be destroyed and nobody has allowed it."""


class AmbiguousError(SchemadiffError):
    """A column or table may have been renamed, and nobody has said whether it was."""


class UntriedServerWarning(UserWarning):
    """The server is older than all that schemadiff was tried on. It is told once, and nothing is refused."""
