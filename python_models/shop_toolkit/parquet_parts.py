"""Parquet files put together from the row groups of others, byte for byte.

Only the end of a file is decoded: its metadata, a struct in Thrift's compact protocol (Apache Parquet, File Format). It
says where each row group begins, which is all that changes when a row group moves.
"""

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

MAGIC = b"PAR1"
# A struct's fields by their number: the type, and the value. A list is the type of its values, and these.
Struct = dict[int, tuple[int, Any]]
# Types of the compact protocol.
TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, STRUCT = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12
NUMBERS = (I16, I32, I64)
# Numbers of fields in the metadata of a file, of a row group, of a column in it, and of the column's own metadata.
ROWS_OF_FILE, ROW_GROUPS, PROPERTIES = 3, 4, 5
COLUMNS, ROWS_OF_GROUP, GROUP_PLACE, GROUP_NUMBER = 1, 3, 5, 7
COLUMN_METADATA = 3
COLUMN_PLACES = (2, 4, 6)
DATA_PAGE, DICTIONARY_PAGE = 9, 11
PLACES_IN_COLUMN_METADATA = (DATA_PAGE, 10, DICTIONARY_PAGE, 14)


class Decoder:
    """Reads values from bytes, one after the other.

    Args:
        data: The bytes.
    """

    def __init__(self, data: bytes) -> None:
        self.data, self.place = data, 0

    def struct(self) -> Struct:
        """A struct."""
        fields: Struct = {}
        number = 0
        while header := self._byte():
            number = number + (header >> 4) if header >> 4 else self._signed()
            kind = header & 15
            fields[number] = (kind, kind == TRUE if kind in (TRUE, FALSE) else self._value(kind))
        return fields

    def _value(self, kind: int) -> Any:
        if kind in NUMBERS:
            return self._signed()
        if kind == BINARY:
            return self._bytes(self._unsigned())
        if kind == STRUCT:
            return self.struct()
        if kind in (LIST, SET):
            header = self._byte()
            size = header >> 4 if header >> 4 < 15 else self._unsigned()
            return header & 15, [self._value(header & 15) for _ in range(size)]
        if kind == DOUBLE:
            return self._bytes(8)
        if kind in (TRUE, FALSE, BYTE):
            return self._byte()
        raise ValueError(f"type {kind} is not one of those that Parquet's metadata have")

    def _byte(self) -> int:
        return self._bytes(1)[0]

    def _bytes(self, count: int) -> bytes:
        read = self.data[self.place : self.place + count]
        if len(read) < count:
            raise ValueError("Parquet's metadata are cut off")
        self.place += count
        return read

    def _unsigned(self) -> int:
        number = shift = 0
        while (byte := self._byte()) >= 128:
            number |= (byte & 127) << shift
            shift += 7
        return number | byte << shift

    def _signed(self) -> int:
        number = self._unsigned()
        return number >> 1 ^ -(number & 1)


def encoded(fields: Struct) -> bytes:
    """A struct as bytes."""
    parts, before = [], 0
    for number, (kind, value) in fields.items():
        step = number - before
        parts.append(bytes([step << 4 | kind]) if 0 < step < 16 else bytes([kind]) + _signed(number))
        if kind not in (TRUE, FALSE):
            parts.append(_encoded_value(kind, value))
        before = number
    return b"".join([*parts, b"\0"])


def _encoded_value(kind: int, value: Any) -> bytes:
    if kind in NUMBERS:
        return _signed(value)
    if kind == BINARY:
        return _unsigned(len(value)) + bytes(value)
    if kind == STRUCT:
        return encoded(value)
    if kind in (LIST, SET):
        of, values = value
        header = bytes([len(values) << 4 | of]) if len(values) < 15 else bytes([240 | of]) + _unsigned(len(values))
        return header + b"".join(_encoded_value(of, one) for one in values)
    return bytes(value) if kind == DOUBLE else bytes([value])


def _unsigned(number: int) -> bytes:
    parts = []
    while number >= 128:
        parts.append(number & 127 | 128)
        number >>= 7
    return bytes([*parts, number])


def _signed(number: int) -> bytes:
    return _unsigned(number << 1 if number >= 0 else (-number << 1) - 1)


def metadata_of(path: Path) -> tuple[Struct, int]:
    """The metadata of a Parquet file, and where they begin.

    Raises:
        ValueError: It is no Parquet file.
    """
    with path.open("rb") as file:
        size = path.stat().st_size
        file.seek(max(size - 8, 0))
        length, magic = struct.unpack("<i4s", file.read().rjust(8))
        if magic != MAGIC or not 0 < length <= size - 12:
            raise ValueError("it is no Parquet file")
        file.seek(size - 8 - length)
        return Decoder(file.read(length)).struct(), size - 8 - length


def groups_in(metadata: Struct) -> list[Struct]:
    """The row groups that metadata tell of."""
    groups: list[Struct] = metadata[ROW_GROUPS][1][1]
    return groups


def start_of(path: Path, rows: int) -> tuple[list[Struct], int]:
    """The first row groups of a file that hold so many rows, and where the next one begins.

    Raises:
        ValueError: It is no Parquet file, or no row group ends there.
    """
    metadata, end = metadata_of(path)
    groups, taken = groups_in(metadata), 0
    while rows > 0 and taken < len(groups):
        rows -= groups[taken][ROWS_OF_GROUP][1]
        taken += 1
    if rows:
        raise ValueError("no row group ends there")
    return groups[:taken], end if taken == len(groups) else _beginning_of(groups[taken])


def _beginning_of(group: Struct) -> int:
    """Where a row group's first page is."""
    columns = [column[COLUMN_METADATA][1] for column in group[COLUMNS][1][1]]
    return min(int(column[place][1]) for column in columns for place in (DATA_PAGE, DICTIONARY_PAGE) if place in column)


def append(path: Path, groups: Sequence[Struct], part: Path) -> list[Struct]:
    """Add the row groups of a Parquet file to the end of one that has no metadata yet.

    Args:
        path: The file that grows; where it doesn't exist it begins.
        groups: The row groups that it has.
        part: The file to add.

    Returns:
        The row groups that it has now.
    """
    metadata, end = metadata_of(part)
    with path.open("ab") as file, part.open("rb") as source:
        file.write(b"" if file.tell() else MAGIC)
        by = file.tell() - len(MAGIC)
        source.seek(len(MAGIC))
        left = end - len(MAGIC)
        while left and (block := source.read(min(left, 1 << 20))):
            file.write(block)
            left -= len(block)
    return [*groups, *(_moved(group, by) for group in groups_in(metadata))]


def _moved(group: Struct, by: int) -> Struct:
    """A row group that lies so many bytes further on."""
    columns = []
    for column in group[COLUMNS][1][1]:
        kind, metadata = column[COLUMN_METADATA]
        moved = {COLUMN_METADATA: (kind, _shifted(metadata, PLACES_IN_COLUMN_METADATA, by))}
        columns.append(_shifted(column, COLUMN_PLACES, by) | moved)
    kind, (of, _) = group[COLUMNS]
    return _shifted(group, (GROUP_PLACE,), by) | {COLUMNS: (kind, (of, columns))}


def _shifted(fields: Struct, places: Sequence[int], by: int) -> Struct:
    """Fields of which some are places in the file; where one is 0, there is nothing."""
    found = {number: fields[number] for number in places if fields.get(number, (0, 0))[1]}
    return fields | {number: (kind, place + by) for number, (kind, place) in found.items()}


def finish(path: Path, groups: Sequence[Struct], like: Path, properties: Mapping[str, str]) -> None:
    """Add the metadata that end a Parquet file.

    Args:
        path: The file that is to end.
        groups: Its row groups.
        like: A Parquet file with the same columns.
        properties: What the metadata say of the file besides, by name.
    """
    numbered = [
        group | {GROUP_NUMBER: (I16, number)} if GROUP_NUMBER in group else group for number, group in enumerate(groups)
    ]
    pairs = [{1: (BINARY, name.encode()), 2: (BINARY, value.encode())} for name, value in properties.items()]
    metadata = encoded(
        metadata_of(like)[0]
        | {
            ROWS_OF_FILE: (I64, sum(group[ROWS_OF_GROUP][1] for group in groups)),
            ROW_GROUPS: (LIST, (STRUCT, numbered)),
            PROPERTIES: (LIST, (STRUCT, pairs)),
        }
    )
    with path.open("ab") as file:
        file.write(metadata + struct.pack("<i", len(metadata)) + MAGIC)
