"""The web server's worker: gunicorn's threads, which never wait for a client to send.

A thread of gunicorn's own worker reads the request from the socket, so a few clients that send one byte a second hold all
threads. Here the main loop collects each request without blocking, and a thread gets it when it is complete. A request
that takes too long or is too large is refused. When there are too many connections or too many bytes, the request that
has been incomplete for the longest time is dropped.
"""

import contextlib
import errno
import selectors
import socket
import struct
import time
from functools import partial
from typing import Any

from gunicorn.http.unreader import SocketUnreader
from gunicorn.workers.gthread import TConn, ThreadWorker

from portal.request_framing import Framing, InvalidFraming

#: Seconds that a client may take to send a whole request.
REQUEST_SECONDS = 30
#: Seconds that a client may leave a refused or answered connection open.
LINGER_SECONDS = 2
#: Seconds that a thread waits for a client that reads nothing of its response, and, if gunicorn awaits more of a request
#: than `Framing`, for one that sends nothing.
SEND_SECONDS, RECEIVE_SECONDS = 20, 2
#: The largest number of bytes of incomplete requests in one process.
MAX_BUFFERED = 64 * 1024 * 1024
#: Bytes of a response that the system keeps for a slow client, so that a thread need not wait. Systems may limit it.
SEND_BUFFER = 1024 * 1024
READ_SIZE = 64 * 1024

REASONS = {400: "Bad Request", 408: "Request Timeout", 413: "Content Too Large"}


class ReceivedUnreader(SocketUnreader):
    """Gives gunicorn's parser what was received, in blocks: for each chunk of a body, it copies all that it was given."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        self.received = memoryview(b"")

    def chunk(self, size_hint: int | None = None) -> bytes:
        """Return the next block. After the last one, read from the socket."""
        if not self.received:
            return bytes(super().chunk(size_hint))
        size = max(self.mxchunk, min(size_hint or 0, self.max_body_chunk))
        block, self.received = self.received[:size], self.received[size:]
        return bytes(block)

    def take_buffered(self) -> bytes:
        """Return what the parser didn't use."""
        left = bytes(super().take_buffered()) + bytes(self.received)
        self.received = memoryview(b"")
        return left


class Connection(TConn):
    """A connection, with the bytes of a request that is not complete yet."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.received = bytearray()
        self.framing = Framing()
        self.is_closing = False
        self.data_ready = True  # for gunicorn: never wait for the first bytes in a thread
        self.deadline = 0.0

    def init(self) -> None:
        """Give gunicorn's parser what was received. A thread calls this before it parses the request."""
        if not self.initialized:
            super().init()
            self.parser.unreader = ReceivedUnreader(self.sock)
        self.parser.unreader.received = memoryview(bytes(self.received))
        self.restart()

    def restart(self) -> None:
        """Begin to receive another request."""
        self.received, self.framing = bytearray(), Framing()


class BufferingWorker(ThreadWorker):
    """A gthread worker that passes complete requests to its threads."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        #: Connections that are sending a request or should close, the oldest first.
        self.incoming: dict[Connection, None] = {}
        self.buffered = 0

    def init_process(self) -> None:
        if self.cfg.is_ssl:
            raise RuntimeError("This worker serves plain HTTP. Let the reverse proxy serve HTTPS.")
        super().init_process()

    def accept(self, listener: socket.socket) -> None:
        """Accept a connection, and drop an older one if there are too many."""
        try:
            client, address = listener.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):  # too many open files
                self.drop_oldest()
            return
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", SEND_SECONDS, 0))
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", RECEIVE_SECONDS, 0))
        self.nr_conns += 1
        self.receive_later(Connection(self.cfg, client, address, listener.getsockname()))
        if self.nr_conns >= self.worker_connections:
            self.drop_oldest()

    def on_client_socket_readable(self, conn: Connection, client: socket.socket) -> None:
        """Receive the next request of a connection that was kept alive."""
        if conn not in self.keepalived_conns:  # dropped by an earlier event of the same round
            return
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self.receive_later(conn)

    def receive_later(self, conn: Connection, seconds: float = REQUEST_SECONDS) -> None:
        """Receive from a connection as soon as there is something to read."""
        conn.sock.setblocking(False)
        conn.deadline = time.monotonic() + seconds
        self.incoming[conn] = None
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.receive, conn))

    def receive(self, conn: Connection, client: socket.socket) -> None:
        """Receive what there is. Pass the request on once it is complete."""
        if conn not in self.incoming:  # dropped by an earlier event of the same round
            return
        try:
            data = conn.sock.recv(READ_SIZE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            self.drop(conn)
        elif not conn.is_closing:
            self.add(conn, data)
            while self.buffered > MAX_BUFFERED:
                self.drop_oldest()

    def add(self, conn: Connection, data: bytes) -> None:
        """Add bytes to a request. Give it to a thread if it is complete, and refuse it if it can't be read."""
        if not conn.received:
            data = data.lstrip(b"\r\n")  # empty lines between two requests
        conn.received += data
        self.buffered += len(data)
        try:
            is_complete = conn.framing.is_complete(conn.received)
        except InvalidFraming as error:
            self.refuse(conn, error.status)
            return
        if is_complete:
            self.forget(conn)
            self.enqueue_req(conn)
        elif conn.framing.must_continue():
            with contextlib.suppress(OSError):
                conn.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n")

    def finish_request(self, conn: Connection, fs: Any) -> None:
        """Wait for the next request or for the client to close. Neither blocks the main loop."""
        try:
            is_kept_alive = fs.result()
            left = conn.parser.unreader.take_buffered() if is_kept_alive else b""
        except Exception:
            is_kept_alive, left = False, b""
        if not is_kept_alive:
            self.close_later(conn)
        elif left:  # the beginning of the next request
            self.receive_later(conn)
            self.add(conn, left)
        else:
            super().finish_request(conn, fs)

    def murder_pending(self) -> None:
        """End requests that took too long. The main loop calls this at least once a second."""
        now = time.monotonic()
        if not self.alive:  # stopping: allow those only that began just now
            now += REQUEST_SECONDS - LINGER_SECONDS
        for conn in [conn for conn in self.incoming if conn.deadline <= now]:
            if conn.is_closing or not conn.received:
                self.drop(conn)
            else:
                self.refuse(conn, 408)

    def refuse(self, conn: Connection, status: int) -> None:
        """Answer with an error and close."""
        self.forget(conn)
        conn.restart()
        answer = f"HTTP/1.1 {status} {REASONS[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        with contextlib.suppress(OSError):
            conn.sock.send(answer.encode())
        self.close_later(conn)

    def close_later(self, conn: Connection) -> None:
        """Say that nothing follows, and close when the client does, at the latest after some seconds.

        Closing at once while bytes arrive would make the client's system discard the end of the response.
        """
        conn.is_closing = True
        try:
            conn.sock.shutdown(socket.SHUT_WR)
            self.receive_later(conn, LINGER_SECONDS)
        except (OSError, ValueError, KeyError):
            self.incoming.pop(conn, None)
            self.nr_conns -= 1
            conn.close()

    def drop_oldest(self) -> None:
        """Close an idle connection, or the one whose request has been incomplete for the longest time."""
        if self.keepalived_conns:
            conn = self.keepalived_conns.popleft()
            self.poller.unregister(conn.sock)
            self.nr_conns -= 1
            conn.close()
        elif self.incoming:
            self.drop(next(iter(self.incoming)))

    def drop(self, conn: Connection) -> None:
        """Close a connection at once."""
        self.forget(conn)
        conn.restart()
        self.nr_conns -= 1
        conn.close()

    def forget(self, conn: Connection) -> None:
        """Stop to receive from a connection."""
        self.incoming.pop(conn, None)
        self.buffered -= len(conn.received)
        self.poller.unregister(conn.sock)
