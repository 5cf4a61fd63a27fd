"""The style sheet that sets the accent color. It depends on nothing but the color, so browsers may keep it forever."""

import hashlib
from dataclasses import asdict
from functools import lru_cache

from portal.branding import colors


@lru_cache(maxsize=64)
def render(color: str) -> str:
    """Return CSS that sets ``--brand-*`` for both themes. `tokens.css` and `admin.css` use them."""
    palette = colors.derive(color)
    dark = asdict(palette.dark)
    lines = [
        f"  --brand-{name.replace('_', '-')}: light-dark({light}, {dark[name]});"
        for name, light in asdict(palette.light).items()
    ]
    return ":root {\n" + "\n".join(lines) + "\n}\n"


def digest(color: str) -> str:
    """Return the hash of the style sheet that its URL contains."""
    return hashlib.sha256(render(color).encode()).hexdigest()[:12]
