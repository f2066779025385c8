"""The site's own tests: what must hold of its revisions, and a question on a database of its own.

SCHEMADIFF_TEST_URL=mysql+pymysql://root@localhost/mysql pytest examples/qa_site
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from examples.qa_site.models import Question, User
from schemadiff.testing.revision_tests import *  # noqa: F403


def test_a_question_has_an_author(schemadiff_database: str) -> None:
    engine = sa.create_engine(schemadiff_database)
    with Session(engine) as session:
        author = User(username="ada", email="ada@example.org", password="…", phone="1")
        session.add(Question(title="Why?", content="…", author=author))
        session.commit()
        assert session.scalars(sa.select(User.username).join(Question)).all() == ["ada"]
    engine.dispose()
