"""The server's application: its paths, and what each answers."""

import logging
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Query, Request, Response, params
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.security import HTTPBearer
from pydantic import create_model
from starlette.exceptions import HTTPException

from headstart.artifacts import without_places
from headstart.serving.access_log import AccessLog
from headstart.serving.admission import Admission
from headstart.serving.answering import Answering
from headstart.serving.api_page import api_page
from headstart.serving.bodies import read_body
from headstart.serving.guard import Entrance, Guard
from headstart.serving.limits import Limits
from headstart.serving.measures import CONTENT_TYPE, Measures
from headstart.serving.model import ServedModel
from headstart.serving.page import page
from headstart.serving.refusals import Refusal
from headstart.serving.schemas import Metadata, Problem, State
from headstart.serving.uploads import FIELD, FORM_TYPE, RAW_TYPES, check_content_type, uploads_in
from headstart.version import VERSION

logger = logging.getLogger(__name__)

_PICTURE = {"schema": {"type": "string", "format": "binary"}}
_FORM = {
    "type": "object",
    "properties": {FIELD: {"type": "array", "minItems": 1, "items": _PICTURE["schema"]}},
    "required": [FIELD],
    "additionalProperties": False,
}
_BODY = {
    "requestBody": {
        "required": True,
        "description": "One image as the body, or a form with one or more.",
        "content": {FORM_TYPE: {"schema": _FORM}, **dict.fromkeys(RAW_TYPES, _PICTURE)},
    }
}
Locked = Sequence[params.Depends]  # what routes depend on where a key is asked for
_REFUSALS: dict[int | str, dict[str, object]] = {
    400: {"model": Problem, "description": "The request is malformed."},
    408: {"model": Problem, "description": "The body took too long to arrive."},
    413: {"model": Problem, "description": "The body is too large, or contains too many images."},
    415: {"model": Problem, "description": "The body is neither an image nor a form."},
    429: {"model": Problem, "description": "Too much is waiting; ask again after Retry-After seconds."},
    503: {"model": Problem, "description": "No prediction in time; try again after Retry-After seconds."},
}
_UNWELCOME: dict[int | str, dict[str, object]] = {
    400: {"model": Problem, "description": "The request is malformed."},
    403: {"model": Problem, "description": "A page of another origin asks."},
    421: {"model": Problem, "description": "The server does not accept this host name."},
}
_WITHOUT_KEY: dict[int | str, dict[str, object]] = {
    401: {"model": Problem, "description": "The key is missing or wrong."}
}


def build_app(
    model: ServedModel,
    limits: Limits | None = None,
    *,
    key: str | None = None,
    allowed_hosts: Collection[str] = (),
    log: AccessLog | None = None,
) -> FastAPI:
    """The application that answers with a model.

    Args:
        model: from `load_model`.
        limits: what requests may cost; None for the usual ones.
        key: that requests must contain; None for no key.
        allowed_hosts: names that requests may ask for, beside those of this machine; with '*' any name.
        log: notified of every request; None: nothing is.
    """
    limits = limits or Limits()
    measures, admission = Measures(), Admission(limits)
    measures.show_waiting(lambda: admission.num_pictures)
    answering = Answering(model, limits, measures)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        answering.start()
        yield
        await answering.stop()

    app = FastAPI(
        title="Headstart",
        summary=model.kind.summary,
        version=VERSION,
        lifespan=lifespan,
        docs_url=None,  # both pages would load their scripts from the network; `api_page` does not
        redoc_url=None,
        redirect_slashes=False,
        responses=_UNWELCOME if key is None else _UNWELCOME | _WITHOUT_KEY,
    )
    locked = [] if key is None else [Depends(HTTPBearer(auto_error=False))]  # for the document; the guard looks itself
    _add_predict(app, model, admission, answering, limits, locked)
    _add_metadata(app, model, limits, locked)
    _add_states(app, answering, measures, locked)
    _add_page(app)
    _add_failures(app)
    known_paths = frozenset(path for route in app.routes if (path := getattr(route, "path", None)))
    entrance = Entrance(key, allowed_hosts)
    app.add_middleware(Guard, entrance=entrance, known_paths=known_paths, limits=limits, measures=measures, log=log)
    return app


def _add_predict(
    app: FastAPI, model: ServedModel, admission: Admission, answering: Answering, limits: Limits, locked: Locked
) -> None:
    kind = model.kind
    asked: Any = kind.question(model.predictor)
    refused: Any = create_model(f"Unread{kind.answers.__name__}", __base__=(kind.answers, Problem))

    @app.post(
        "/v1/predict",
        response_model=kind.answers,
        responses={**_REFUSALS, 422: {"model": refused, "description": "No image can be read; the reasons."}},
        openapi_extra=_BODY,
        dependencies=locked,
        tags=["v1"],
    )
    async def predict(request: Request, question: Annotated[asked, Query()]) -> Response:
        """The predictions for images. An unreadable image gives an error in its entry; the others are predicted."""
        content_type = request.headers.get("content-type", "")
        check_content_type(content_type)
        with admission.enter() as ticket:
            uploads = uploads_in(await read_body(request, ticket, limits), content_type, limits)
            ticket.add_pictures(len(uploads) - 1)
            answers = await answering.answers(uploads, question)
        if any(entry.error is None for entry in answers.pictures):
            return Response(answers.model_dump_json(), media_type="application/json")
        reason = f"No image could be read. The first: {answers.pictures[0].error}"
        content = refused(error=reason, **dict(answers)).model_dump_json()
        return Response(content, 422, media_type="application/json")


def _add_metadata(app: FastAPI, model: ServedModel, limits: Limits, locked: Locked) -> None:
    metadata = _metadata(model, limits)

    @app.get("/v1/metadata", response_model=model.kind.metadata, dependencies=locked, tags=["v1"])
    async def read_metadata() -> Metadata:
        """The model, what it takes and what its predictions mean."""
        return metadata


def _metadata(model: ServedModel, limits: Limits) -> Metadata:
    manifest, file, kind = model.manifest, model.file, model.kind
    return kind.metadata(
        version=VERSION,
        task=manifest.task,
        format=model.format_name,
        sha256=dict(file.sha256),
        class_names=list(manifest.class_names),
        image_size=list(manifest.image_size),
        resize_mode=manifest.resize_mode,
        parity=dict(file.parity),
        provenance=without_places(manifest.provenance),
        limits=asdict(limits),
        **kind.facts(manifest, model.predictor),
    )


def _add_states(app: FastAPI, answering: Answering, measures: Measures, locked: Locked) -> None:
    @app.get("/healthz", tags=["state"])
    async def health() -> State:
        """The process lives."""
        return State(status="ok")

    @app.get("/readyz", tags=["state"], responses={503: {"model": State, "description": "Not now."}})
    async def readiness() -> Response:
        """Images are answered."""
        ready = answering.is_ready
        content = State(status="ready" if ready else "not ready").model_dump_json()
        return Response(content, 200 if ready else 503, media_type="application/json")

    @app.get(
        "/metrics",
        tags=["state"],
        dependencies=locked,
        response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    )
    async def metrics() -> Response:
        """Counters in Prometheus' text format."""
        return Response(measures.text(), headers={"Content-Type": CONTENT_TYPE})


def _add_page(app: FastAPI) -> None:
    text, policy = page()
    # One answer for all: a thousand copies of a page that clients are slow to take would fill the memory.
    answer = HTMLResponse(text, headers={"Content-Security-Policy": policy})
    documents: list[HTMLResponse] = []

    @app.get("/", include_in_schema=False)
    async def show_page() -> HTMLResponse:
        """A page to drop images on."""
        return answer

    @app.get("/docs", include_in_schema=False)
    async def show_api() -> HTMLResponse:
        """The document of the API, for people."""
        if not documents:
            content, its_policy = api_page(app.openapi())
            documents.append(HTMLResponse(content, headers={"Content-Security-Policy": its_policy}))
        return documents[0]


def _add_failures(app: FastAPI) -> None:
    @app.exception_handler(Refusal)
    async def refuse(_: Request, refusal: Refusal) -> Response:
        return JSONResponse({"error": refusal.reason}, refusal.status, refusal.headers)

    @app.exception_handler(RequestValidationError)
    async def refuse_query(_: Request, error: RequestValidationError) -> Response:
        # What was received is not told back: it may be no valid JSON, such as NaN.
        problems = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        return JSONResponse({"error": "; ".join(problems)}, 400)

    @app.exception_handler(HTTPException)
    async def refuse_path(_: Request, error: HTTPException) -> Response:
        return JSONResponse({"error": str(error.detail)}, error.status_code, error.headers)

    @app.exception_handler(Exception)
    async def fail(_: Request, error: Exception) -> Response:  # noqa: ARG001  the server logs it
        return JSONResponse({"error": "The server made a mistake."}, 500)
