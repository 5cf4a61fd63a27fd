"""JSON bodies of requests, read in one way."""

from __future__ import annotations

import json
from typing import Any


def decode(data: bytes) -> Any:
    """The JSON value of a body. Raises `ValueError` for what is none: NaN, half a surrogate pair, endless nesting."""
    try:
        value = json.loads(data, parse_constant=_refuse)
        json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
