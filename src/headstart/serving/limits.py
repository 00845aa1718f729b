"""How much a server takes, at most: every limit in one place."""

from dataclasses import dataclass, fields

from headstart.errors import RecipeError

MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Limits:
    """The limits of one request and of all together. A request beyond them is refused at once.

    Attributes:
        body_bytes: of one request.
        waiting_bytes: of all bodies that are in memory at the same time.
        pixels: of one image, by its header; 50 megapixels are a large phone's, and 150 MB of memory while decoded.
        pictures: in one request.
        waiting_pictures: accepted and not yet answered, of all requests.
        connections: open at the same time.
        header_bytes: of the lines before a body, and of those between and after its pieces beyond the size of the body.
        header_seconds: for a connection to send the lines before a body; the same again for nothing to be sent.
        body_seconds: for a body to arrive.
        answer_seconds: from the whole body to the answer.
        write_seconds: for a client to take some of an answer that lies ready.
        stop_seconds: time for the response to every accepted request after the server was asked to stop. Below the ten
            seconds that `docker stop` waits.
        batch_size: images that the model looks at together; on a processor few of them stay in its caches, and more
            at a time were slower
        batch_wait_seconds: how long the first image of a batch waits for others that are being decoded.
    """

    body_bytes: int = 32 * MEBIBYTE
    waiting_bytes: int = 256 * MEBIBYTE
    pixels: int = 50_000_000
    pictures: int = 64
    waiting_pictures: int = 256
    connections: int = 1000
    header_bytes: int = 64 * 1024
    header_seconds: float = 10.0
    body_seconds: float = 30.0
    answer_seconds: float = 30.0
    write_seconds: float = 10.0
    stop_seconds: float = 8.0
    batch_size: int = 4
    batch_wait_seconds: float = 0.005

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value < 0 or (value == 0 and field.name != "batch_wait_seconds"):
                raise _refused(field.name, value, "more than 0")
        if self.waiting_pictures < self.pictures:
            raise _refused(
                "waiting_pictures", self.waiting_pictures, f"at least one full request, {self.pictures} images"
            )
        if self.waiting_bytes < self.body_bytes:
            raise _refused("waiting_bytes", self.waiting_bytes, f"at least one full request, {self.body_bytes} bytes")


def _refused(name: str, value: float, expected: str) -> RecipeError:
    return RecipeError(
        f"The limit {name} cannot be {value}.",
        expected=expected,
        received=f"{name}={value}",
        hint="See the defaults with `headstart serve --help`.",
    )
