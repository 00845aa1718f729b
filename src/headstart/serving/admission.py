"""Who is let in: images and bytes that are accepted and not yet answered, of all requests together."""

from headstart.serving.limits import Limits
from headstart.serving.refusals import Refusal

RETRY_SECONDS = 1


class Admission:
    """Counts what is under way, and refuses what would be too much.

    Attributes:
        num_pictures: accepted and not yet answered.
        num_bytes: of bodies in memory.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.num_pictures = 0
        self.num_bytes = 0

    def enter(self) -> "Ticket":
        """Room for a request with one image at least.

        Raises:
            Refusal: there is none.
        """
        ticket = Ticket(self)
        ticket.add_pictures(1)
        return ticket

    def add(self, *, pictures: int = 0, num_bytes: int = 0) -> None:
        """Counts more.

        Raises:
            Refusal: it would be too much; nothing is counted.
        """
        if self.num_pictures + pictures > self._limits.waiting_pictures:
            raise Refusal(
                429, f"{self.num_pictures} images are waiting for their prediction.", retry_seconds=RETRY_SECONDS
            )
        if self.num_bytes + num_bytes > self._limits.waiting_bytes:
            raise Refusal(429, "Too many requests are being received.", retry_seconds=RETRY_SECONDS)
        self.num_pictures += pictures
        self.num_bytes += num_bytes

    def remove(self, *, pictures: int, num_bytes: int) -> None:
        """Counts less."""
        self.num_pictures -= pictures
        self.num_bytes -= num_bytes


class Ticket:
    """The images and bytes that one request has reserved; released at the end of its `with` block."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._pictures = 0
        self._bytes = 0

    def __enter__(self) -> "Ticket":
        return self

    def __exit__(self, *_: object) -> None:
        self._admission.remove(pictures=self._pictures, num_bytes=self._bytes)

    def add_pictures(self, count: int) -> None:
        """Asks for room for more images."""
        self._admission.add(pictures=count)
        self._pictures += count

    def add_bytes(self, count: int) -> None:
        """Asks for room for more bytes."""
        self._admission.add(num_bytes=count)
        self._bytes += count

    def drop_bytes(self) -> None:
        """The body is in memory no more."""
        self._admission.remove(pictures=0, num_bytes=self._bytes)
        self._bytes = 0
