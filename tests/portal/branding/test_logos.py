"""Logos are decoded and drawn again: hostile files are refused, and nothing of a file but its pixels is kept."""

import io
import time

import pytest
from PIL import Image

from portal.branding import logos
from portal.core.errors import Refused
from tests.portal.branding.pictures import bomb, picture, text_bomb

SECRET = "taken-at-51.5074N-0.1278W"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png), formats=["PNG"])


@pytest.mark.parametrize("file_type", ["PNG", "JPEG", "WEBP"])
def test_a_raster_picture_becomes_a_png_that_fits(file_type: str) -> None:
    logo = logos.read(picture(file_type, (1200, 300)))
    image = opened(logo.png)
    assert image.size == (logo.width, logo.height) == (480, 120)
    middle = image.convert("RGBA").getpixel((240, 60))
    assert isinstance(middle, tuple) and middle[0] > 150 and middle[1] < 90


def test_a_small_picture_keeps_its_size_and_its_transparency() -> None:
    image = opened(logos.read(picture(size=(40, 40))).png)
    assert image.size == (40, 40)
    assert image.convert("RGBA").getpixel((0, 0)) == (255, 255, 255, 0)


@pytest.mark.parametrize("file_type", ["PNG", "JPEG"])
def test_comments_and_camera_data_are_left_behind(file_type: str) -> None:
    exif = Image.Exif()
    exif[0x010E] = SECRET
    sent = picture(file_type, text=SECRET, exif=exif)
    assert SECRET.encode() in sent
    logo = logos.read(sent)
    assert SECRET.encode() not in logo.png
    kept = opened(logo.png)
    kept.load()
    assert not kept.info and not kept.getexif()


def test_a_color_profile_is_left_behind() -> None:
    file = io.BytesIO()
    Image.new("RGB", (64, 64), "#b03a2e").save(file, "PNG", icc_profile=SECRET.encode())
    assert b"iCCP" in file.getvalue()
    assert b"iCCP" not in logos.read(file.getvalue()).png


def test_a_picture_taken_sideways_is_turned() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    logo = logos.read(picture("JPEG", (200, 50), exif=exif))
    assert (logo.width, logo.height) == (32, 128)


def test_data_after_the_picture_is_left_behind() -> None:
    """A file that is a PNG and a web page at once is only a PNG afterwards."""
    logo = logos.read(picture() + b"<script>alert(1)</script>")
    assert b"script" not in logo.png


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(SVG, id="SVG"),
        pytest.param(b"GIF89a" + bytes(40), id="GIF"),
        pytest.param(b"<html><script>alert(1)</script></html>", id="web page"),
        pytest.param(b"", id="nothing"),
        pytest.param(picture()[:200], id="half a picture"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + bytes(100), id="only a PNG's first bytes"),
        pytest.param(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", id="PostScript"),
    ],
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(Refused, match="Upload a PNG, JPEG or WebP file"):
        logos.read(data)


@pytest.mark.parametrize("file_type", ["GIF", "BMP", "TIFF", "ICO"])
def test_other_picture_formats_are_not_even_decoded(file_type: str) -> None:
    with pytest.raises(Refused, match="PNG, JPEG or WebP"):
        logos.read(picture(file_type, (64, 64)))


@pytest.mark.parametrize("size", [(60_000, 60_000), (4000, 20), (20, 4000)])
def test_too_many_pixels_are_refused_before_they_are_decoded(size: tuple[int, int]) -> None:
    started = time.monotonic()
    with pytest.raises(Refused):
        logos.read(bomb(*size))
    assert time.monotonic() - started < 2


def test_a_comment_that_unpacks_to_200_megabytes_is_refused() -> None:
    with pytest.raises(Refused):
        logos.read(text_bomb())


def test_a_large_file_is_refused_unread() -> None:
    with pytest.raises(Refused, match="larger than 1 MB"):
        logos.read(picture() + bytes(logos.MAX_BYTES))


def test_a_tiny_picture_is_refused() -> None:
    with pytest.raises(Refused, match="smaller than 16"):
        logos.read(picture(size=(15, 40)))


@pytest.mark.parametrize(
    ("color", "backdrop"), [("#101010", "dark"), ("#ffffff", "light"), ("#2d7dd2", ""), ("#3a1f8f", "dark")]
)
def test_a_transparent_logo_says_in_which_theme_it_needs_a_background(color: str, backdrop: str) -> None:
    assert logos.read(picture(color=color)).backdrop == backdrop


def test_a_logo_with_a_background_of_its_own_needs_no_other() -> None:
    assert logos.read(picture(color="#101010", transparent=False)).backdrop == ""


def test_the_same_picture_has_the_same_address() -> None:
    assert logos.read(picture()).digest == logos.read(picture()).digest != logos.read(picture("WEBP")).digest
