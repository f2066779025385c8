"""The one ``db`` that models and application share."""

from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()
