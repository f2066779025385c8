"""The models as they were when the site opened; ``models_later.py`` holds what became of them."""

from __future__ import annotations

import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from examples.qa_site.database import db


def now() -> datetime.datetime:
    """The time in UTC, as a database without time zones takes it."""
    return datetime.datetime.now(datetime.UTC).replace(tzinfo=None)


class User(db.Model):
    __tablename__ = "user"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True, comment="the number of the user")
    username: Mapped[str] = mapped_column(String(100))
    password: Mapped[str] = mapped_column(String(200))
    email: Mapped[str] = mapped_column(String(100), unique=True)
    phone: Mapped[str | None] = mapped_column(String(11), unique=True)
    join_time: Mapped[datetime.datetime | None] = mapped_column(default=now)


class EmailCaptcha(db.Model):
    __tablename__ = "email_captcha"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    email: Mapped[str] = mapped_column(String(100))
    captcha: Mapped[str] = mapped_column(String(100))


class Question(db.Model):
    __tablename__ = "question"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    title: Mapped[str] = mapped_column(String(100))
    content: Mapped[str] = mapped_column(Text)
    create_time: Mapped[datetime.datetime | None] = mapped_column(default=now)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))

    author = db.relationship("User", backref="questions")
