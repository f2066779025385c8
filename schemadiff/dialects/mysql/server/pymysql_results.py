"""The results of several statements through PyMySQL, which describes the columns of each one anew.

A thousand SHOW CREATE TABLE are as many results of one row, and to understand what is said of their columns (names,
tables, lengths) takes PyMySQL longer than to read the rows. The server says it in the same bytes each time, so here it
is understood once.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pymysql.connections import TEXT_TYPES
from pymysql.constants import COMMAND, FIELD_TYPE
from pymysql.protocol import EOFPacketWrapper, FieldDescriptorPacket, OKPacketWrapper

Row = tuple[Any, ...]


def results(driver: Any, packet: str) -> Iterator[list[Row]]:
    """The rows of each statement in the packet, as a cursor of PyMySQL gives them. Raises what the driver raises at
    the first one that is refused, which is the last result.
    """
    driver._execute_command(COMMAND.COM_QUERY, packet.encode(driver.encoding))
    more = True
    while more:
        first = driver._read_packet()
        rows: list[Row] = []
        end: Any
        if first.is_ok_packet():
            end = OKPacketWrapper(first)
        else:
            columns = range(first.read_length_encoded_integer())
            described = [driver._read_packet().get_all_data() for _ in columns]
            driver._read_packet()  # says that this was the last one
            decoders = [_decoder(driver, *_kind(one, driver.encoding)) for one in described]
            while not (read := driver._read_packet()).is_eof_packet():
                rows.append(_row(read, decoders))
            end = EOFPacketWrapper(read)
        driver.server_status = end.server_status
        more = end.has_next
        yield rows


def _row(packet: Any, decoders: Sequence[tuple[str | None, Callable[[Any], Any] | None]]) -> Row:
    values = []
    for encoding, convert in decoders:
        value: Any = packet.read_length_coded_string()
        if value is not None and encoding is not None:
            value = value.decode(encoding)
        if value is not None and convert is not None:
            value = convert(value)
        values.append(value)
    return tuple(values)


def _decoder(driver: Any, kind: int, encoding: str | None) -> tuple[str | None, Callable[[Any], Any] | None]:
    return encoding, driver.decoders.get(kind)


@functools.lru_cache(maxsize=512)
def _kind(described: bytes, encoding: str) -> tuple[int, str | None]:
    """The type of a column, and how the bytes of its values are read as text; ``None`` where they are none."""
    field: Any = FieldDescriptorPacket(described, encoding)
    kind: int = field.type_code
    if kind == FIELD_TYPE.JSON:
        return kind, encoding
    if kind in TEXT_TYPES:
        return kind, None if field.charsetnr == _BINARY else encoding
    return kind, "ascii"


_BINARY = 63
"""The number of the collation ``binary``."""
