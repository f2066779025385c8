"""A message as part of a file name. Pure."""

from __future__ import annotations

import re
import unicodedata


def slug(message: str) -> str:
    """The message as part of a file name: lower-case words joined by underscores, at most 60 characters. Latin letters
    lose their accents; those of other scripts stay, each with its marks.
    """
    plain = "".join(map(_plain, unicodedata.normalize("NFKC", message).lower()))
    words = re.sub(r"_+", "_", "".join(one if is_of_a_word(one) else "_" for one in plain)).strip("_")
    return words[:60].rstrip("_") or "revision"


def is_of_a_word(character: str) -> bool:
    """Whether the character is a letter, a digit, a mark on one of them, or an underscore."""
    return character == "_" or unicodedata.category(character)[0] in "LMN"


def _plain(character: str) -> str:
    ascii_part = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return ascii_part or character
