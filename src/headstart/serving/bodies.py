"""The body of a request, read within its limits, whatever its headers promise."""

import asyncio

from starlette.requests import ClientDisconnect, Request

from headstart.serving.admission import Ticket
from headstart.serving.limits import MEBIBYTE, Limits
from headstart.serving.refusals import Refusal


async def read_body(request: Request, ticket: Ticket, limits: Limits) -> bytes:
    """The whole body.

    Args:
        request: whose body was not touched yet.
        ticket: that the bytes are counted on as they arrive.
        limits: of size and time.

    Raises:
        Refusal: it is empty, too large (by its header, or as it arrives), or too slow; or too much is under way.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > limits.body_bytes:
        raise _too_large(limits)
    body = bytearray()
    try:
        async with asyncio.timeout(limits.body_seconds):
            async for chunk in request.stream():
                if len(body) + len(chunk) > limits.body_bytes:
                    raise _too_large(limits)
                ticket.add_bytes(len(chunk))
                body += chunk
    except TimeoutError:
        raise Refusal(408, f"The body did not arrive within {limits.body_seconds:g} seconds.") from None
    except ClientDisconnect:
        raise Refusal(400, "The connection ended before the body did.") from None
    if not body:
        raise Refusal(400, "The body is empty. Expected an image, or a form with images in `files`.")
    return bytes(body)


def _too_large(limits: Limits) -> Refusal:
    return Refusal(413, f"The body is larger than {limits.body_bytes / MEBIBYTE:g} MiB.")
