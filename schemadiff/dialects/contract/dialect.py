"""The contract of a dialect, `Dialect`, in seven parts of a module each, and what belongs to none of them:

- `Product`: which it is, with the `Traits` in which products differ;
- `Canonical`: one form for what models and server say alike, pure;
- `Reader`: what a database holds, and what its server says when it is asked;
- `Sql`: the text of operations, pure, and `Online`: the same where a table is in use;
- `Run`: the lock, the transaction, other sessions; `Disposable`: whole databases, for tests.

`Risks` and `Judging` say what a change takes along, and judge texts where a server may not be asked. What is abstract
has to be written (``docs/dialects.md``); everything else has the default of a simple product.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemadiff.dialects.contract.canonical import Canonical
from schemadiff.dialects.contract.disposable import Disposable
from schemadiff.dialects.contract.online import Online
from schemadiff.dialects.contract.reader import Reader
from schemadiff.dialects.contract.risks import Risks
from schemadiff.dialects.contract.run import Run
from schemadiff.dialects.shared.live_wording import Judging

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection


class Dialect(Canonical, Reader, Online, Run, Disposable, Risks, Judging):
    """One database product, with the facts of one server."""

    @classmethod
    def offline(cls) -> Dialect:
        """The dialect with the facts of the newest supported server, for work without a connection."""
        return cls()

    @classmethod
    def connect(cls, connection: Connection) -> Dialect:
        """The dialect with the facts of the server behind the connection: where it has none, as it is `offline`."""
        return cls.offline()
