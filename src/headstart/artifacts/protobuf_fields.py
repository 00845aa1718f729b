"""The fields of a protobuf message in its wire format, for files whose message classes are not installed.

References:
    https://protobuf.dev/programming-guides/encoding/
"""

from collections.abc import Iterator

from headstart.files import UnusableFileError

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MAX_VARINT_BYTES = 10


class FieldReader:
    """Gives the fields of messages, up to a number of them.

    Args:
        max_fields: of all messages together; a file of nothing but tiny fields would take hours.
    """

    def __init__(self, max_fields: int) -> None:
        self._num_left = max_fields

    def fields(self, message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
        """Number and content of each field: a whole number, or the bytes of a text, a message or a packed list.

        Raises:
            UnusableFileError: the bytes are no message, hold a group, which nothing writes any more, or have too many
                fields.
        """
        for field in _fields(message):
            self._num_left -= 1
            if self._num_left < 0:
                raise UnusableFileError("a file with fewer fields", "millions")
            yield field


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        number, wire_type = key >> 3, key & 7
        if wire_type == _VARINT:
            value, place = _varint(message, place)
            yield number, value
            continue
        if wire_type == _BYTES:
            length, place = _varint(message, place)
        elif wire_type in (_FIXED64, _FIXED32):
            length = 8 if wire_type == _FIXED64 else 4
        else:
            raise UnusableFileError("a protobuf message", f"a field of wire type {wire_type}")
        if number == 0 or length > len(message) - place:
            raise UnusableFileError("a protobuf message", "a field that goes on after its end")
        yield number, message[place : place + length]
        place += length


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    value = 0
    for index in range(_MAX_VARINT_BYTES):
        if place + index >= len(message):
            break
        byte = message[place + index]
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value, place + index + 1
    raise UnusableFileError("a protobuf message", "a number without end")
