"""The application. Its database is ``DATABASE_URL``, else an SQLite file in the instance folder.

    flask --app examples.qa_site.app db upgrade
    flask --app examples.qa_site.app run

With ``DATABASE_URL`` set, `schemadiff apply` does what `flask db upgrade` does. ``QA_SITE_STATE=2`` takes the later
models: then `flask db migrate`, or `schemadiff plan`, has something to find.
"""

from __future__ import annotations

import os
from pathlib import Path

from flask import Flask
from flask.typing import ResponseReturnValue

from examples.qa_site.database import db
from schemadiff.flask import Migrate

if os.environ.get("QA_SITE_STATE") == "2":
    from examples.qa_site.models_later import Question
else:
    from examples.qa_site.models import Question

app = Flask(__name__, instance_path=str(Path(__file__).parent / "instance"))
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ.get("DATABASE_URL", "sqlite:///qa_site.sqlite")
db.init_app(app)
migrate = Migrate(app, db)


@app.get("/")
def questions() -> ResponseReturnValue:
    """The newest questions, as JSON."""
    newest = db.session.scalars(db.select(Question).order_by(Question.id.desc()).limit(20))
    return [
        {"id": one.id, "title": one.title, "author": one.author and one.author.username} for one in newest
    ]
