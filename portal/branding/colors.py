"""Shades of the accent color that can be read in both themes, whatever color was chosen.

Contrast is that of WCAG 2.2 (success criteria 1.4.3 and 1.4.11): at least 4.5:1 for text, 3:1 for shapes. A color that
falls short is mixed with black (light theme) or white (dark theme), no more than necessary.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

TEXT, SHAPE = 4.5, 3.0
BLACK, WHITE = "#000000", "#ffffff"
#: The backgrounds of `tokens.css`, where accent-colored text and shapes may be: paper, surface, sunken, hover.
LIGHT = ("#f5f7f7", "#ffffff", "#eff3f3", "#f4f8f8")
DARK = ("#0f1618", "#161f22", "#1c272a", "#1b2629")
#: How finely colors are mixed.
STEPS = 100


@dataclass(frozen=True)
class Shades:
    """The accent color in one theme."""

    text: str  #: links, on every background and on `soft`
    strong: str  #: links under the pointer, the current entry of a menu
    fill: str  #: buttons and bars
    fill_hover: str  #: buttons under the pointer
    on_fill: str  #: text on `fill` and `fill_hover`
    soft: str  #: the background of the current entry


@dataclass(frozen=True)
class Palette:
    """The accent color in both themes."""

    light: Shades
    dark: Shades


@lru_cache(maxsize=64)  # every page asks for the same color
def derive(color: str) -> Palette:
    """Return the shades of ``color``, given as #rrggbb."""
    return Palette(
        light=_shades(color, LIGHT, toward=BLACK, tint=0.1),
        dark=_shades(color, DARK, toward=WHITE, tint=0.18),
    )


def _shades(color: str, backgrounds: tuple[str, ...], *, toward: str, tint: float) -> Shades:
    surface = backgrounds[1]
    soft = mix(surface, color, tint)
    text = _shift(color, toward, (*backgrounds, soft), TEXT)
    fill = _shift(color, toward, backgrounds, SHAPE)
    # one of the two always passes: the worst color has 4.58:1 with both
    on_fill = WHITE if contrast(fill, WHITE) >= TEXT else BLACK
    return Shades(
        text=text,
        strong=mix(text, toward, 0.25),
        fill=fill,
        fill_hover=mix(fill, BLACK if on_fill == WHITE else WHITE, 0.2),
        on_fill=on_fill,
        soft=soft,
    )


def _shift(color: str, toward: str, backgrounds: Iterable[str], least: float) -> str:
    """Return the color nearest to ``color`` that has a contrast of ``least`` with all backgrounds."""
    mixed = [mix(color, toward, step / STEPS) for step in range(STEPS + 1)]
    return next(
        shade for shade in mixed if all(contrast(shade, background) >= least for background in backgrounds)
    )


def mix(color: str, other: str, share: float) -> str:
    """Return ``color`` mixed with a ``share`` (0 to 1) of ``other``."""
    pairs = zip(channels(color), channels(other), strict=True)
    return "#" + "".join(f"{round(mine + (theirs - mine) * share):02x}" for mine, theirs in pairs)


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colors, from 1 to 21."""
    lighter, darker = sorted((luminance(channels(one)), luminance(channels(other))), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(rgb: tuple[int, int, int]) -> float:
    """Return the relative luminance, from 0 (black) to 1 (white)."""
    red, green, blue = (
        value / 255 / 12.92 if value / 255 <= 0.04045 else ((value / 255 + 0.055) / 1.055) ** 2.4
        for value in rgb
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def channels(color: str) -> tuple[int, int, int]:
    """Return red, green and blue of #rrggbb, each from 0 to 255."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def describe_adjustments(color: str) -> str:
    """Return a sentence about the shades that differ from ``color``, or an empty string."""
    palette, color = derive(color), color.lower()
    changed = []
    if palette.light.text != color:
        ratio = min(contrast(color, background) for background in (*LIGHT, palette.light.soft))
        changed.append(f"the light theme ({ratio:.1f}:1) uses {palette.light.text}")
    if palette.dark.text != color:
        ratio = min(contrast(color, background) for background in (*DARK, palette.dark.soft))
        changed.append(f"the dark theme ({ratio:.1f}:1) uses {palette.dark.text}")
    if not changed:
        return ""
    return f"Links need a contrast of 4.5:1. Where {color} has less, {' and '.join(changed)} instead."
