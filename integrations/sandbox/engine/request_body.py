"""JSON bodies of requests."""

from __future__ import annotations

import json
from typing import Any


def decode(data: bytes) -> Any:
    """Return the value of a JSON body.

    Raise `ValueError` if it is not JSON. NaN, lone surrogates and endless nesting are not JSON.
    """
    try:
        value = json.loads(data, parse_constant=_reject)
        json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value


def _reject(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
