"""Frozen values that are made as quickly as open ones. Pure.

A frozen dataclass sets each of its fields by a call of its own, which takes four times as long as to assign them
(Python 3.11 to 3.13), and a schema of a thousand tables is tens of thousands of values.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import Any, TypeVar

Value = TypeVar("Value")


def quickly_made(cls: type[Value]) -> type[Value]:
    """The frozen dataclass with slots, with another constructor: a value is of an open class with the same slots
    until its fields are assigned.
    """
    fields = dataclasses.fields(cls)  # type: ignore[arg-type]
    draft = type(cls.__name__, (), {"__slots__": tuple(one.name for one in fields)})
    names: dict[str, Any] = {"_become": object.__setattr__, "_draft": draft, "_value": cls}
    parameters = ["self"]
    for one in fields:
        assert one.default_factory is dataclasses.MISSING, f"{cls.__name__}.{one.name} has a factory"
        required = one.default is dataclasses.MISSING
        parameters.append(one.name if required else f"{one.name}=_default_{one.name}")
        names[f"_default_{one.name}"] = one.default
    lines = (
        "_become(self, '__class__', _draft)",
        *(f"self.{one.name} = {one.name}" for one in fields),
        "self.__class__ = _value",
    )
    # As dataclasses write theirs: no other way gives a function its parameters.
    exec(f"def __init__({', '.join(parameters)}):\n " + "\n ".join(lines), names)  # noqa: S102
    cls.__init__ = functools.wraps(cls.__init__)(names["__init__"])  # type: ignore[method-assign]
    return cls
