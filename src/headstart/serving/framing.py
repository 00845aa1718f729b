"""Where a request begins and ends in a stream of bytes, and whether it is HTTP at all."""

import re

import httptools

END_OF_HEAD = b"\r\n\r\n"
# Only HTTP/1.1 is spoken here. RFC 9110, section 7.8: a server may ignore the wish for another protocol, and answers
# the request as it is. Parsers would take the body for the other protocol's bytes.
_UPGRADE = re.compile(rb"\r\nupgrade[ \t]*:[^\r\n]*(?=\r\n)", re.IGNORECASE)
_LAST_CHUNK = b"0\r\n\r\n"


class MalformedError(Exception):
    """The bytes are not a request of HTTP/1.0 or 1.1; the message says why."""


class Framing:
    """Follows one request from its head (the lines before a body) to the end of its body.

    The body is passed on chunk by chunk, without chunk extensions and trailers, so that nothing behind its end is.

    Args:
        head: from the first byte of the request to the empty line, both included.

    Attributes:
        head: the same without the wish for another protocol.
        is_whole: the request has ended.
        has_surplus: bytes of another request followed a chunked body and were dropped.

    Raises:
        MalformedError: it is no head of a request.
    """

    def __init__(self, head: bytes) -> None:
        self.head = _UPGRADE.sub(b"", head)
        self.is_whole = False
        self.has_surplus = False
        self._url = b""
        self._is_head_whole = False
        self._length: int | None = None  # None: chunked
        self._pieces: list[bytes] = []
        self._parser = httptools.HttpRequestParser(self)
        try:
            self._parser.feed_data(self.head)
            path = httptools.parse_url(self._url).path
        except httptools.HttpParserUpgrade:
            raise MalformedError("The method CONNECT is not supported") from None
        except httptools.HttpParserError as error:
            raise MalformedError(str(error)) from None
        if not path or not path.isascii():
            raise MalformedError("The request target has no path")
        if not self._is_head_whole:  # the first words of HTTP/2
            raise MalformedError("Only HTTP/1.0 and HTTP/1.1 are supported")

    @property
    def num_missing(self) -> int | None:
        """Bytes that the body still lacks; None where its length is unknown."""
        return self._length

    def body(self, data: bytes) -> tuple[bytes, int]:
        """The next piece of the body.

        Args:
            data: what follows the head and the pieces before.

        Returns:
            What belongs to the request, and how many bytes of `data` were used.

        Raises:
            MalformedError: it is no chunked body.
        """
        if self._length is not None:
            piece = data[: self._length]
            self._length -= len(piece)
            self.is_whole = self._length == 0
            return piece, len(piece)
        self._pieces = []
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            if not self.is_whole:
                raise MalformedError(str(error)) from None
            self.has_surplus = True
        content = b"".join(self._pieces)
        chunk = b"%x\r\n%b\r\n" % (len(content), content) if content else b""
        return chunk + (_LAST_CHUNK if self.is_whole else b""), len(data)

    # What httptools calls.

    def on_message_begin(self) -> None:
        """Another request begins where this one has ended."""
        self.has_surplus = self.is_whole

    def on_url(self, url: bytes) -> None:
        """A piece of the request target."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Remembers how long the body is; the parser checks that it is one number, and not chunked as well."""
        if name.lower() == b"content-length":
            self._length = int(value)

    def on_headers_complete(self) -> None:
        """The head was understood."""
        self._is_head_whole = True

    def on_body(self, body: bytes) -> None:
        """A piece of the content of a chunk."""
        if not self.is_whole:
            self._pieces.append(body)

    def on_message_complete(self) -> None:
        """The request has ended."""
        self.is_whole = True


def check_beginning(data: bytes) -> None:
    """Whether bytes can be the beginning of a request.

    Raises:
        MalformedError: they cannot.
    """
    try:
        httptools.HttpRequestParser(_Deaf()).feed_data(data)
    except httptools.HttpParserUpgrade:
        pass
    except httptools.HttpParserError as error:
        raise MalformedError(str(error)) from None


class _Deaf:
    """Hears nothing of what a parser finds."""
