"""The branding in force as a list of facts: each value and where it comes from."""

from dataclasses import dataclass

from portal.branding.brand import Brand, Source

LABELS = {
    "partner_name": "Partner name",
    "product_name": "Product name",
    "accent_color": "Accent color",
    "support_email": "Support email",
    "privacy_url": "Privacy policy",
}


@dataclass(frozen=True)
class Fact:
    """One value. ``source`` is empty where there is no value."""

    label: str
    value: str
    source: str


def of(brand: Brand) -> list[Fact]:
    """Return a fact for each value of the branding, the logo included."""
    found = []
    for name, label in LABELS.items():
        value = getattr(brand, name)
        found.append(Fact(label, value, str(brand.sources[name]) if value else ""))
    picture = f"{brand.logo.width} × {brand.logo.height} pixels" if brand.logo else ""
    found.insert(2, Fact("Logo", picture, str(Source.PORTAL) if picture else ""))
    return found
