"""Turn an uploaded picture into the logo that the portal serves.

The upload is decoded and drawn again, so that nothing of the file itself, such as metadata or appended data, is kept.
SVG is refused, because it can contain scripts and references to other servers.
"""

import hashlib
import io
from dataclasses import dataclass

from PIL import Image, ImageOps

from portal.branding import colors
from portal.core.errors import Refused

#: What an upload may be: bytes, and pixels on a side (decoding takes four bytes a pixel).
MAX_BYTES = 1024 * 1024
MAX_SIDE = 3000
MIN_SIDE = 16
TOO_LARGE = "The file is larger than 1 MB. Upload a smaller one."
FORMATS = ("PNG", "JPEG", "WEBP")
#: What the logo may be, in pixels: twice the size at which pages show it, for sharp screens.
BOX = (480, 128)
#: A logo is hard to see if more than this share of it has less contrast than this with what is behind it.
HIDDEN, FAINT = 0.5, 2.0
#: Pixels on a side that are looked at to tell.
SAMPLE = 64


@dataclass(frozen=True)
class NewLogo:
    """A logo made from an upload. ``backdrop`` is the theme in which it needs a background of its own, if any."""

    png: bytes
    digest: str
    width: int
    height: int
    backdrop: str


def read(data: bytes) -> NewLogo:
    """Return the logo made from an uploaded file. Raise Refused with a sentence for people if it can't be used."""
    if len(data) > MAX_BYTES:
        raise Refused(TOO_LARGE)
    picture = _decode(data)
    picture.thumbnail(BOX, Image.Resampling.LANCZOS)
    if min(picture.size) < 1:
        raise Refused("The picture is too narrow for a logo.")
    clean = Image.new("RGBA", picture.size)
    clean.paste(picture)
    file = io.BytesIO()
    clean.save(file, "PNG", optimize=True)
    png = file.getvalue()
    return NewLogo(
        png=png,
        digest=hashlib.sha256(png).hexdigest()[:32],
        width=clean.width,
        height=clean.height,
        backdrop=_backdrop(clean),
    )


def _decode(data: bytes) -> Image.Image:
    """Return the pixels of a PNG, JPEG or WebP file, the right way up."""
    try:
        picture = Image.open(io.BytesIO(data), formats=FORMATS)
        if max(picture.size) > MAX_SIDE:
            raise Refused(
                f"The picture is larger than {MAX_SIDE:,} × {MAX_SIDE:,} pixels. Upload a smaller one."
            )
        if min(picture.size) < MIN_SIDE:
            raise Refused(f"The picture is smaller than {MIN_SIDE} × {MIN_SIDE} pixels. Upload a larger one.")
        return ImageOps.exif_transpose(picture).convert("RGBA")
    except Refused:
        raise
    except Exception:
        # decoders raise errors of many types for files that are damaged or made to harm
        raise Refused("This isn't a picture that can be used. Upload a PNG, JPEG or WebP file.") from None


def _backdrop(picture: Image.Image) -> str:
    """Return the theme in which most of the picture can't be told from the page: "light", "dark" or neither."""
    sample = picture.copy()
    sample.thumbnail((SAMPLE, SAMPLE))
    data = sample.tobytes()
    pixels = [data[at : at + 3] for at in range(0, len(data), 4) if data[at + 3] >= 128]
    is_opaque = len(pixels) == sample.width * sample.height
    if not pixels or is_opaque:  # it brings its own background
        return ""
    for theme, page in (("light", colors.LIGHT[1]), ("dark", colors.DARK[1])):
        hidden = sum(colors.contrast(page, f"#{pixel.hex()}") < FAINT for pixel in pixels)
        if hidden > HIDDEN * len(pixels):
            return theme
    return ""
