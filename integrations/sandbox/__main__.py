"""The command line: `python -m integrations.sandbox` runs the sandbox until it is stopped."""

from __future__ import annotations

import argparse
import os
import signal
import sqlite3
import sys
from collections.abc import Sequence

from .app import SandboxApp, create_app
from .control.local_only import LocalOnlyMiddleware
from .control.sandbox import DEFAULT_APPLICATION_NAME, DEFAULT_REDIRECT_URIS
from .engine.errors import ApiError
from .engine.storage.database import MEMORY
from .loopback import is_loopback
from .server import Server


def _number(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError("must be 0 or a positive integer")
    return number


def parser() -> argparse.ArgumentParser:
    """Return the command line parser."""
    options = argparse.ArgumentParser(
        prog=f"python -m {__package__}",
        description="Run an emulator of the Total Expert API with invented data, over one SQLite file.",
    )
    server = options.add_argument_group("server")
    server.add_argument(
        "--port", type=_number, default=8001, help="port to listen on; 0 picks a free one (default 8001)"
    )
    server.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    server.add_argument(
        "--allow-remote", action="store_true", help="allow a --host that other machines can reach"
    )
    server.add_argument(
        "--latency-ms", type=_number, default=0, help="delay of every response in milliseconds (default 0)"
    )
    data = options.add_argument_group("data")
    data.add_argument(
        "--data", default=MEMORY, metavar="FILE", help="SQLite file for all data (default: in memory)"
    )
    data.add_argument("--load", metavar="NAME", help="start from a snapshot saved with the same --data")
    data.add_argument(
        "--organizations", type=_number, default=4, help="organizations in a new sandbox (default 4)"
    )
    data.add_argument(
        "--contacts",
        type=_number,
        default=2000,
        help="contacts per organization in a new sandbox (default 2000)",
    )
    data.add_argument("--seed", type=int, default=1, help="random seed for the invented data (default 1)")
    limits = options.add_argument_group("limits per source IP address")
    limits.add_argument(
        "--calls-per-minute",
        type=_number,
        default=1000,
        help="requests a minute; 0 for no limit (default 1000)",
    )
    limits.add_argument(
        "--tokens-per-hour",
        type=_number,
        default=2,
        help="token requests an hour; 0 for no limit (default 2)",
    )
    sign_in = options.add_argument_group("sign-in and consent")
    sign_in.add_argument(
        "--application-name",
        default=DEFAULT_APPLICATION_NAME,
        metavar="NAME",
        help=f"the application's name on the sign-in and consent pages (default {DEFAULT_APPLICATION_NAME})",
    )
    sign_in.add_argument(
        "--redirect-uri",
        action="append",
        metavar="URI",
        help=f"a redirect URI of the application; repeatable (default {DEFAULT_REDIRECT_URIS[0]})",
    )
    webhooks = options.add_argument_group("webhooks")
    webhooks.add_argument("--http-webhooks", action="store_true", help="accept plain http subscriptions")
    webhooks.add_argument(
        "--remote-webhooks",
        action="store_true",
        help="deliver to other machines too (default: only this one)",
    )
    return options


def main(argv: Sequence[str] | None = None) -> int:
    """Run the sandbox. Return the exit code: 0 when stopped, 2 with a message on stderr if it cannot start."""
    options = parser().parse_args(argv)
    if not options.allow_remote and not is_loopback(options.host):
        return _fail(
            f"Other machines can reach {options.host}, and anyone who reaches the sandbox can read and change"
            " everything in it. Leave out --host, or add --allow-remote if that is what you want."
        )
    try:
        server = Server(options.host, options.port)
    except OSError as error:
        return _fail(
            f"Port {options.port} at {options.host} cannot be used ({error.strerror or error}). Another program,"
            " perhaps another sandbox, may be using it. Stop it, or choose another port with --port."
        )
    try:
        application = _create_app(options)
    except ApiError as error:
        server.server_close()
        return _fail(f"{error.body['error']}.")
    except sqlite3.Error as error:
        server.server_close()
        return _fail(f"The file {options.data} cannot be used ({error}). Choose another one with --data.")
    server.application = application if options.allow_remote else LocalOnlyMiddleware(application)
    application.sandbox.delivery_worker.start()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: os._exit(0))
    _print_start(application, options, f"http://{options.host}:{server.port}")
    server.serve_forever()
    return 0


def _create_app(options: argparse.Namespace) -> SandboxApp:
    application = create_app(
        options.data,
        seed=options.seed,
        organizations=options.organizations,
        contacts=options.contacts,
        calls_per_minute=options.calls_per_minute,
        tokens_per_hour=options.tokens_per_hour,
        latency_ms=options.latency_ms,
        application_name=options.application_name,
        redirect_uris=options.redirect_uri or DEFAULT_REDIRECT_URIS,
        http_webhooks=options.http_webhooks,
        remote_webhooks=options.remote_webhooks,
    )
    if options.load:
        application.sandbox.load(options.load)
    return application


def _print_start(application: SandboxApp, options: argparse.Namespace, base: str) -> None:
    sandbox = application.sandbox
    place = "memory" if options.data == MEMORY else options.data
    state = f"Using the existing data in {place}" if sandbox.existed else f"New data in {place}"
    seed = sandbox.seed
    print(
        f"Sandbox at {base}/ (API {base}/v1, credentials {base}/_sandbox/credentials).\n"
        f"{state}: {seed.organizations} organizations with {seed.contacts} contacts each, seed {seed.seed}."
        " Press Ctrl-C to stop.",
        flush=True,
    )


def _fail(message: str) -> int:
    print(message, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
