"""Where an HTTP/1.1 request ends, found while it arrives.

This decides only when a request is complete. gunicorn parses it afterwards and applies its own, stricter rules. What
could be read in two ways is refused, so that gunicorn never waits for bytes that were not awaited here.
"""

#: The largest request line with headers, and the largest body, in bytes.
MAX_HEAD = 64 * 1024
MAX_BODY = 3 * 1024 * 1024
#: The most chunks of a body. Each takes time, however small it is.
MAX_CHUNKS = 20_000
#: The longest line with the size of a chunk, and the most bytes of headers after the last one.
MAX_CHUNK_LINE = 256
MAX_TRAILERS = 8 * 1024


class InvalidFraming(Exception):
    """A request whose end can't be found. ``status`` is the HTTP status to answer with."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Framing:
    """The progress of one request. Each call continues where the last one stopped."""

    def __init__(self) -> None:
        self._at = 0  # everything before this offset was looked at
        self._end: int | None = None  # the offset after the body, if its length is known
        self._is_chunked = False
        self._is_last_chunk = False
        self._chunks = 0
        self._has_head = False
        self._must_continue = False

    def is_complete(self, received: bytearray) -> bool:
        """Return whether ``received`` holds a whole request. Raise InvalidFraming."""
        if not self._has_head and not self._read_head(received):
            return False
        if self._is_chunked:
            return self._read_chunks(received)
        assert self._end is not None
        return len(received) >= self._end

    def must_continue(self) -> bool:
        """Return, once, whether the client waits for “100 Continue” before it sends the body."""
        answer, self._must_continue = self._must_continue, False
        return answer

    def _read_head(self, received: bytearray) -> bool:
        found = received.find(b"\r\n\r\n", max(0, self._at - 3))
        if found < 0:
            self._at = len(received)
            if len(received) > MAX_HEAD:
                raise InvalidFraming(400)
            return False
        if found > MAX_HEAD:
            raise InvalidFraming(400)
        self._has_head, self._at = True, found + 4
        lengths, encodings = [], []
        for line in bytes(received[:found]).split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name != name.strip():  # a line that continues another one, or a space before the colon
                raise InvalidFraming(400)
            name, value = name.lower(), value.strip(b" \t")
            if name == b"content-length":
                lengths.append(value)
            elif name == b"transfer-encoding":
                encodings.append(value.lower())
            elif name == b"expect":
                self._must_continue = value.lower() == b"100-continue"
        self._measure(lengths, encodings)
        return True

    def _measure(self, lengths: list[bytes], encodings: list[bytes]) -> None:
        if len(lengths) + len(encodings) > 1:
            raise InvalidFraming(400)
        if encodings:
            if encodings != [b"chunked"]:
                raise InvalidFraming(400)
            self._is_chunked = True
            return
        length = lengths[0] if lengths else b"0"
        if not length.isdigit() or len(length) > 18:
            raise InvalidFraming(400)
        if int(length) > MAX_BODY:
            raise InvalidFraming(413)
        self._end = self._at + int(length)
        self._must_continue = self._must_continue and int(length) > 0

    def _read_chunks(self, received: bytearray) -> bool:
        while True:
            if len(received) > MAX_HEAD + MAX_BODY or self._chunks > MAX_CHUNKS:
                raise InvalidFraming(413)
            line_end = received.find(b"\r\n", self._at)
            if self._is_last_chunk:
                return self._read_trailers(received, line_end)
            if line_end < 0:
                if len(received) - self._at > MAX_CHUNK_LINE:
                    raise InvalidFraming(400)
                return False
            digits = bytes(received[self._at : line_end]).partition(b";")[0].strip(b" \t")
            if not digits or len(digits) > 8 or digits.strip(b"0123456789abcdefABCDEF"):
                raise InvalidFraming(400)
            size = int(digits, 16)
            if size > MAX_BODY:
                raise InvalidFraming(413)
            if size == 0:
                self._at, self._is_last_chunk = line_end + 2, True
                continue
            after = line_end + 2 + size
            if len(received) < after + 2:
                return False
            if received[after : after + 2] != b"\r\n":
                raise InvalidFraming(400)
            self._at = after + 2
            self._chunks += 1

    def _read_trailers(self, received: bytearray, line_end: int) -> bool:
        begin = self._at
        while line_end >= 0:
            if line_end == self._at:
                return True
            self._at = line_end + 2
            line_end = received.find(b"\r\n", self._at)
        if len(received) - begin > MAX_TRAILERS:
            raise InvalidFraming(400)
        return False
