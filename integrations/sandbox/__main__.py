"""The command line: `python -m integrations.sandbox` starts the emulator and runs until it is told
to stop.
"""

from __future__ import annotations

import argparse
import os
import signal
import sqlite3
import sys
from collections.abc import Sequence

from .app import create_app
from .control.local_only import OwnMachineOnly
from .control.world import DEFAULT_REDIRECT_URIS
from .engine.responses import Refusal
from .engine.storage.database import MEMORY
from .server import Server
from .webhooks.http_post import is_loopback


def _whole(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError("must be a whole number from 0")
    return number


def parser() -> argparse.ArgumentParser:
    """The options."""
    options = argparse.ArgumentParser(
        prog=f"python -m {__package__}",
        description="An emulator of the Total Expert API with invented people, over one SQLite file.",
    )
    add = options.add_argument
    add(
        "--port", type=_whole, default=8001, help="port to listen on (default 8001; 0 lets the system choose)"
    )
    add("--load", metavar="NAME", help="begin with a snapshot that was saved of the same --data")
    add("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    add("--allow-remote", action="store_true", help="allow a --host that other machines can reach")
    add(
        "--data",
        default=MEMORY,
        metavar="FILE",
        help="SQLite file to keep everything in (default: memory only)",
    )
    add(
        "--contacts",
        type=_whole,
        default=2000,
        help="contacts per organization in a new world (default 2000)",
    )
    add("--organizations", type=_whole, default=4, help="organizations in a new world (default 4)")
    add("--seed", type=int, default=1, help="what the invented people are drawn from (default 1)")
    add(
        "--calls-per-minute",
        type=_whole,
        default=1000,
        help="per source address; 0 for no limit (default 1000)",
    )
    add("--tokens-per-hour", type=_whole, default=2, help="per source address; 0 for no limit (default 2)")
    add("--latency-ms", type=_whole, default=0, help="delay of every answer (default 0)")
    add(
        "--redirect-uri",
        action="append",
        metavar="URI",
        help=f"where consent may lead back to; repeatable (default {DEFAULT_REDIRECT_URIS[0]})",
    )
    add("--http-webhooks", action="store_true", help="let webhook subscriptions use plain http addresses")
    add(
        "--remote-webhooks",
        action="store_true",
        help="deliver webhooks to other machines too (default: only to this one)",
    )
    return options


def main(argv: Sequence[str] | None = None) -> int:
    """Run the emulator. Returns an exit code: 0 when told to stop, 2 when it cannot start, with a sentence
    saying why.
    """
    options = parser().parse_args(argv)
    if not options.allow_remote and not is_loopback(options.host):
        return _refuse(
            f"{options.host} can be reached from other machines, and everything in the sandbox is open to"
            " whoever reaches it. Leave --host out, or add --allow-remote if that is what you want."
        )
    try:
        server = Server(options.host, options.port)
    except OSError as error:
        return _refuse(
            f"Port {options.port} at {options.host} cannot be used ({error.strerror or error}): another"
            " program, perhaps another sandbox, may be using it. Stop that one, or choose another port with"
            " --port."
        )
    try:
        application = create_app(
            options.data,
            seed=options.seed,
            organizations=options.organizations,
            contacts=options.contacts,
            calls_per_minute=options.calls_per_minute,
            tokens_per_hour=options.tokens_per_hour,
            latency_ms=options.latency_ms,
            redirect_uris=options.redirect_uri or DEFAULT_REDIRECT_URIS,
            http_webhooks=options.http_webhooks,
            remote_webhooks=options.remote_webhooks,
        )
        if options.load:
            application.world.load(options.load)
    except Refusal as refusal:
        server.server_close()
        return _refuse(f"{refusal.body['error']}.")
    except sqlite3.Error as error:
        server.server_close()
        return _refuse(f"The file {options.data} cannot be used ({error}). Name another one with --data.")
    server.application = application if options.allow_remote else OwnMachineOnly(application)
    application.world.deliverer.start()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: os._exit(0))
    world = application.world
    told = "as it was in" if world.was_there else "made in"
    place = "memory" if options.data == MEMORY else options.data
    base = f"http://{options.host}:{server.port}"
    print(
        f"Sandbox at {base}/ (API {base}/v1, credentials {base}/_sandbox/credentials).\n"
        f"{world.seed.organizations} organizations, {told} {place},"
        f" begun with {world.seed.contacts} contacts each from seed {world.seed.seed}. Ctrl-C stops it.",
        flush=True,
    )
    server.serve_forever()
    return 0


def _refuse(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
