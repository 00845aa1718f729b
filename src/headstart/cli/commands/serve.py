"""`headstart serve`."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from headstart.cli.exit_codes import ExitCode
from headstart.cli.parameters import examples, setting, with_default
from headstart.cli.surroundings import Surroundings
from headstart.errors import RecipeError

KEY_VARIABLE = "HEADSTART_SERVE_KEY"
ANSWERS, ADDRESS, LIMITS = "Answers", "Address", "Limits"
MEBIBYTE, MEGAPIXEL = 1 << 20, 1_000_000

EXAMPLES = examples(
    (
        "headstart serve runs/photos-vgg19-1/artifact",
        "for this machine; open the address that is shown to try it in a browser",
    ),
    ("headstart serve artifact --host 0.0.0.0 --key-file key.txt", "for other machines, with a key"),
)


ArtifactArgument = Annotated[
    Path,
    typer.Argument(
        metavar="ARTIFACT",
        help="Folder written by `headstart export`, or the run that contains it.",
        show_default=False,
    ),
]
FormatOption = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help=with_default(
            "Exported file to use: onnx, openvino, litert, openvino-int8 or litert-int8.",
            "the first of these that exists",
        ),
        show_default=False,
        rich_help_panel=ANSWERS,
    ),
]
CoverageOption = Annotated[
    float | None,
    setting(
        "Probability with which sets of classes and intervals of numbers contain the true value, if the request does "
        "not set it.",
        metavar="SHARE",
        default="0.9",
        panel=ANSWERS,
    ),
]
FalseAlarmsOption = Annotated[
    float | None,
    setting(
        "For anomaly detection, the promised share of good images that are reported, if the request does not set it.",
        metavar="SHARE",
        default="0.01, or the lowest share that can be promised",
        panel=ANSWERS,
    ),
]
MinScoreOption = Annotated[
    float | None,
    setting(
        "Lowest score of a box that is returned, if the request does not set it.",
        metavar="SCORE",
        default="the best value on the validation images",
        panel=ANSWERS,
    ),
]
HostOption = Annotated[
    str,
    setting(
        "Address to listen on; 0.0.0.0: all network interfaces.", metavar="HOST", default="127.0.0.1", panel=ADDRESS
    ),
]
PortOption = Annotated[int, setting("Port; 0: any free port.", metavar="PORT", default="8000", panel=ADDRESS)]
KeyFileOption = Annotated[
    Path | None,
    setting(
        f"File with the key that every request must send. The environment variable {KEY_VARIABLE} can hold the key "
        "itself.",
        metavar="FILE",
        default="no key",
        panel=ADDRESS,
    ),
]
AllowedHostOption = Annotated[
    list[str] | None,
    setting(
        "Host name that requests may use, in addition to --host; can be given several times; '*': any name.",
        metavar="NAME",
        default="localhost, 127.0.0.1, [::1]",
        panel=ADDRESS,
    ),
]
AccessLogOption = Annotated[
    bool, typer.Option("--access-log", help="Write one line of JSON per request to stderr.", rich_help_panel=ADDRESS)
]
BatchSizeOption = Annotated[
    int | None, setting("Maximum number of images per batch.", metavar="N", default="4", panel=LIMITS)
]
BatchWaitOption = Annotated[
    float | None,
    setting(
        "Maximum time that an image waits for others to fill the batch, in milliseconds.",
        metavar="MS",
        default="5",
        panel=LIMITS,
    ),
]
MaxBodyOption = Annotated[
    float | None, setting("Maximum size of a request in MiB.", metavar="MIB", default="32", panel=LIMITS)
]
MaxMegapixelsOption = Annotated[
    float | None, setting("Maximum size of an image in millions of pixels.", metavar="N", default="50", panel=LIMITS)
]
MaxPicturesOption = Annotated[
    int | None, setting("Maximum number of images per request.", metavar="N", default="64", panel=LIMITS)
]
MaxWaitingOption = Annotated[
    int | None,
    setting(
        "Maximum number of images that wait for their prediction, over all requests.",
        metavar="N",
        default="256",
        panel=LIMITS,
    ),
]
MaxConnectionsOption = Annotated[
    int | None, setting("Maximum number of open connections.", metavar="N", default="1000", panel=LIMITS)
]
TimeoutOption = Annotated[
    float | None,
    setting(
        "Time limit for receiving a request, and again for answering it.",
        metavar="SECONDS",
        default="30",
        panel=LIMITS,
    ),
]
StopTimeoutOption = Annotated[
    float | None,
    setting(
        "Time limit for answering accepted requests after the stop signal; then all connections are closed.",
        metavar="SECONDS",
        default="8",
        panel=LIMITS,
    ),
]


def serve(  # noqa: PLR0913, PLR0917  one parameter an option
    context: typer.Context,
    artifact: ArtifactArgument,
    format_name: FormatOption = None,
    coverage: CoverageOption = None,
    min_score: MinScoreOption = None,
    false_alarms: FalseAlarmsOption = None,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    key_file: KeyFileOption = None,
    allowed_host: AllowedHostOption = None,
    access_log: AccessLogOption = False,
    batch_size: BatchSizeOption = None,
    batch_wait: BatchWaitOption = None,
    max_body: MaxBodyOption = None,
    max_megapixels: MaxMegapixelsOption = None,
    max_pictures: MaxPicturesOption = None,
    max_waiting: MaxWaitingOption = None,
    max_connections: MaxConnectionsOption = None,
    timeout: TimeoutOption = None,
    stop_timeout: StopTimeoutOption = None,
) -> ExitCode | None:
    r"""Start an HTTP server that returns predictions for images.

    POST /v1/predict takes one image, or a form with several. The page at / is for use in a browser. Requires the extra
    `headstart\[serve]`. Ctrl-C or SIGTERM stops the server after it has answered the accepted requests.
    """
    surroundings: Surroundings = context.obj
    key = _key(key_file)
    from headstart.serving import Limits, ServerOptions, load_model, serve as serve_model  # noqa: I001, PLC0415  heavy

    given: dict[str, Any] = {
        "batch_size": batch_size,
        "batch_wait_seconds": None if batch_wait is None else batch_wait / 1000,
        "body_bytes": None if max_body is None else int(max_body * MEBIBYTE),
        "pixels": None if max_megapixels is None else int(max_megapixels * MEGAPIXEL),
        "pictures": max_pictures,
        "waiting_pictures": max_waiting,
        "connections": max_connections,
        "body_seconds": timeout,
        "answer_seconds": timeout,
        "stop_seconds": stop_timeout,
    }
    given["waiting_bytes"] = max(Limits().waiting_bytes, given["body_bytes"] or 0)
    limits = replace(Limits(), **{name: value for name, value in given.items() if value is not None})

    options = ServerOptions(_checked(allowed_host or ()), access_log=access_log)

    def show(address: str) -> None:
        lines = _welcome(address, host, with_key=key is not None, with_names=bool(allowed_host))
        surroundings.stderr.print("\n".join(lines), highlight=False, markup=False)

    model = load_model(
        artifact.expanduser(), format_name, coverage=coverage, min_score=min_score, false_alarms=false_alarms
    )
    serve_model(model, host=host, port=port, key=key, limits=limits, options=options, on_start=show)
    return None


def _checked(names: Sequence[str]) -> tuple[str, ...]:
    from headstart.serving import is_host_name  # noqa: PLC0415  heavy

    for name in names:
        if not is_host_name(name):
            raise RecipeError(
                f"'{name}' is not a host name.",
                expected="a name such as photos.example, an address such as 192.168.1.5, or '*' for any name",
                received=name,
                hint="Give only the host name of the address that clients use, without http:// and path.",
            )
    return tuple(names)


def _key(path: Path | None) -> str | None:
    """The key from a file or the environment; never from the command line, which every process can read."""
    if path is None:
        return os.environ.get(KEY_VARIABLE) or None
    try:
        key = path.expanduser().read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        key, received = "", getattr(error, "strerror", None) or "a file that is not text"
    else:
        received = "several lines" if "\n" in key else "an empty file"
    if not key or "\n" in key:
        raise RecipeError(
            f"'{path}' does not contain a key.",
            expected="a text file with the key as its only line",
            received=received,
            hint="Create a key with: openssl rand -hex 32 > key.txt",
        )
    return key


def _welcome(address: str, host: str, *, with_key: bool, with_names: bool) -> list[str]:
    lines = [f"Serving at {address} (stop with Ctrl-C)"]
    if host not in {"127.0.0.1", "::1", "localhost"}:
        if not with_key:
            lines.append("Anyone who can reach this machine can send requests. Use --key-file to require a key.")
        if not with_names:
            lines.append(
                f"Accepted host names: localhost, 127.0.0.1, [::1] and {host}. Use --allowed-host to add others."
            )
    return lines
