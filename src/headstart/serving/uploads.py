"""From the body of a request to the images in it."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from headstart.serving.limits import Limits
from headstart.serving.refusals import Refusal

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

FIELD = "files"
FORM_TYPE = "multipart/form-data"
RAW_TYPES = ("image/jpeg", "image/png", "image/webp", "application/octet-stream")  # and every other image/*
MAX_NAME_LENGTH = 200


@dataclass
class Upload:
    """One image file as it was sent.

    Attributes:
        name: that the client gave it, None for a raw body. Told back and used for nothing else.
        content: the file's bytes, whatever they are.
    """

    name: str | None
    content: bytes


def check_content_type(content_type: str) -> None:
    """Refuses a body that is neither an image nor a form.

    Raises:
        Refusal: what the type is and what was expected.
    """
    kind = _kind_of(content_type)
    if kind not in {FORM_TYPE, "application/octet-stream"} and not kind.startswith("image/"):
        received = f"'{kind[:100]}'" if kind else "none"
        raise Refusal(
            415,
            f"Expected a content type of image/*, application/octet-stream or {FORM_TYPE}; received {received}.",
            headers={"Accept": ", ".join((FORM_TYPE, "image/*", "application/octet-stream"))},
        )


def uploads_in(body: bytes, content_type: str, limits: Limits) -> list[Upload]:
    """The images of a body, in their order.

    Raises:
        Refusal: the form is malformed, holds no images, other fields, or too many images.
    """
    if _kind_of(content_type) != FORM_TYPE:
        return [Upload(None, body)]
    _, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if not boundary:
        raise Refusal(400, "The content type of the form names no boundary.")
    form = _Form(limits.pictures)
    try:
        parser = MultipartParser(boundary, form.callbacks())
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        raise Refusal(400, f"The form is malformed: {error}") from error
    if not form.is_whole:
        raise Refusal(400, "The form is cut off before its last boundary.")
    if not form.uploads:
        raise Refusal(400, f"The form contains no image. Expected one or more fields '{FIELD}'.")
    return form.uploads


@dataclass
class _Form:
    """Gathers what the parser reports; the parser itself keeps nothing."""

    max_pictures: int
    uploads: list[Upload] = field(default_factory=list)
    is_whole: bool = False
    _headers: dict[bytes, bytes] = field(default_factory=dict)
    _name: bytearray = field(default_factory=bytearray)
    _value: bytearray = field(default_factory=bytearray)
    _content: bytearray = field(default_factory=bytearray)

    def callbacks(self) -> "MultipartCallbacks":
        """The callbacks of the parser."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._name.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._end_header,
            "on_headers_finished": self._end_headers,
            "on_part_data": lambda data, start, end: self._content.extend(data[start:end]),
            "on_part_end": self._end,
            "on_end": self._finish,
        }

    def _begin(self) -> None:
        self._headers, self._content = {}, bytearray()

    def _end_header(self) -> None:
        self._headers[bytes(self._name).lower()] = bytes(self._value)
        self._name, self._value = bytearray(), bytearray()

    def _end_headers(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        name = options.get(b"name", b"").decode("utf-8", "replace")
        if name != FIELD:
            raise Refusal(400, f"The form has a field '{name[:100]}'. Expected only fields '{FIELD}'.")
        if len(self.uploads) == self.max_pictures:
            raise Refusal(413, f"The form contains more than {self.max_pictures} images.")
        filename = options.get(b"filename")
        self.uploads.append(Upload(None if filename is None else _text(filename), b""))

    def _end(self) -> None:
        self.uploads[-1].content = bytes(self._content)

    def _finish(self) -> None:
        self.is_whole = True


def _kind_of(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")[:MAX_NAME_LENGTH]
