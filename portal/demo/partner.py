"""The demo's partner: an invented software company, set up as an operator sets it up."""

import io

from PIL import Image, ImageDraw

from portal.accounts.models import User
from portal.branding import changes, logos
from portal.demo import cast

COLOR = "#5146c7"
SUPPORT_EMAIL = "help@acme.example"
PRIVACY_URL = "https://acme.example/privacy"
#: The drawing's side in pixels. It is made smaller, which smooths its edges.
SIDE = 512


def set_branding(operator: User) -> None:
    """Give the portal the partner's name, logo and color."""
    values = {
        "partner_name": cast.PARTNER,
        "accent_color": COLOR,
        "support_email": SUPPORT_EMAIL,
        "privacy_url": PRIVACY_URL,
    }
    changes.save(values, actor=operator, logo=logos.read(draw_logo()))


def draw_logo() -> bytes:
    """Return a PNG file: a white peak on a rounded square."""
    image = Image.new("RGBA", (SIDE, SIDE), (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle((0, 0, SIDE - 1, SIDE - 1), radius=SIDE // 4, fill=COLOR)
    peak = [(0.5, 0.2), (0.82, 0.78), (0.64, 0.78), (0.5, 0.5), (0.36, 0.78), (0.18, 0.78)]
    pen.polygon([(SIDE * x, SIDE * y) for x, y in peak], fill="#ffffff")
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()
