"""Pictures for tests: ordinary ones, and ones that are made to harm."""

import io
import struct
import zlib

from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo


def picture(
    file_type: str = "PNG",
    size: tuple[int, int] = (300, 80),
    color: str = "#b03a2e",
    *,
    transparent: bool = True,
    text: str = "",
    exif: Image.Exif | None = None,
) -> bytes:
    """Return a picture with a bar of ``color`` on a transparent or white background."""
    background = (255, 255, 255, 0) if transparent else (255, 255, 255, 255)
    image = Image.new("RGBA", size, background)
    ImageDraw.Draw(image).rectangle(
        (size[0] // 8, size[1] // 8, size[0] * 7 // 8, size[1] * 7 // 8), fill=color
    )
    file = io.BytesIO()
    more: dict[str, object] = {"exif": exif} if exif else {}
    if file_type == "JPEG":
        image = image.convert("RGB")
        more["comment"] = text.encode()
    elif file_type == "PNG" and text:
        info = PngInfo()
        info.add_text("Comment", text)
        more["pnginfo"] = info
    image.save(file, file_type, **more)
    return file.getvalue()


def bomb(width: int = 60_000, height: int = 60_000) -> bytes:
    """Return a PNG of a few kilobytes that says it has billions of pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(bytes(2_000_000)))
        + _end()
    )


def text_bomb() -> bytes:
    """Return a PNG with a comment that unpacks to 200 MB."""
    comment = b"Comment\0\0" + zlib.compress(bytes(200_000_000), 9)
    ordinary = picture()
    return ordinary[:33] + _chunk(b"zTXt", comment) + ordinary[33:]


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _end() -> bytes:
    return _chunk(b"IEND", b"")
