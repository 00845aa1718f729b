"""Between uvicorn's protocol and the application: a connection hears when it is being answered."""

import asyncio

from starlette.types import ASGIApp, Receive, Scope, Send

from headstart.serving.connection import STATE


class Answered:
    """An application that tells a request's connection when it has answered, and stops when the client is gone.

    Args:
        app: answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        connection = scope.get("state", {}).pop(STATE, None)
        if connection is None:  # the start and the end of the server
            await self._app(scope, receive, send)
            return
        connection.begin_answer(asyncio.current_task())
        try:
            await self._app(scope, receive, send)
        except asyncio.CancelledError:
            if not connection.is_lost:
                raise
        finally:
            connection.end_answer()
