"""What the bytes of SHOW CREATE TABLE say, where a literal in it is in another character set than the rest."""

from __future__ import annotations

import pytest

from schemadiff.dialects.mysql.server.decoding import decoded


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (b"(`s` <> _latin1'\xf6\x80')", "(`s` <> _utf8mb4'ö€')"),
        (b"(`s` <> _sjis'\x95\\\\''\\n')", r"(`s` <> _utf8mb4'表''\n')"),
        (b"(`s` <> _utf16'\\0x\\'\\'')", "(`s` <> _utf8mb4'x✧')"),
        ("(`s` <> _utf8mb3'ö' and `_latin1'ö` <> 'a')".encode(), "(`s` <> _utf8mb3'ö' and `_latin1'ö` <> 'a')"),
        ("(`s` <> '_latin1''ö')".encode(), "(`s` <> '_latin1''ö')"),
        ("COMMENT='_latin1\\'ö'".encode(), "COMMENT='_latin1\\'ö'"),
        (b"(`s` <> _latin1'x')", "(`s` <> _latin1'x')"),
        # No codec, or none that knows the bytes.
        (b"(`s` <> _hp8'\xf6')", r"(`s` <> _hp8'\xf6')"),
        (b"(`s` <> _latin1'\x81')", r"(`s` <> _latin1'\x81')"),
        (b"`b` binary(2) DEFAULT '\\0\xff'", "`b` binary(2) DEFAULT 0x00FF"),
    ],
)  # fmt: skip
def test_each_literal_is_read_in_its_own_character_set(shown: bytes, text: str) -> None:
    assert decoded(shown) == text


def test_what_is_no_text_stays() -> None:
    assert decoded(5) == 5
    assert decoded(None) is None
