"""Change the stored branding."""

from collections.abc import Mapping

from django.db import transaction
from django.db.models import Model

from portal.audit import log
from portal.branding import brand
from portal.branding.logos import NewLogo
from portal.branding.models import Branding

NO_LOGO = {"logo": None, "logo_digest": "", "logo_width": 0, "logo_height": 0, "logo_backdrop": ""}


def save(
    values: Mapping[str, str], *, actor: Model, logo: NewLogo | None = None, remove_logo: bool = False
) -> Branding:
    """Store the fields in ``values`` and, if given, a new logo. Empty values leave it to the server's settings.

    The audit log gets the names of the fields that changed.
    """
    with transaction.atomic():
        row, _ = brand.without_logo_file().select_for_update().get_or_create(pk=1)
        changed = [name for name in brand.SETTINGS if name in values and getattr(row, name) != values[name]]
        for name in changed:
            setattr(row, name, values[name])
        written = list(changed)
        if logo is not None or (remove_logo and row.logo_digest):
            for name, value in _logo_fields(logo).items():
                setattr(row, name, value)
                written.append(name)
            changed.append("logo")
        if changed:
            row.save(update_fields=written)
            log.record("branding.changed", actor=actor, target=row, fields=sorted(changed))
    return row


def _logo_fields(logo: NewLogo | None) -> Mapping[str, object]:
    if logo is None:
        return NO_LOGO
    return {
        "logo": logo.png,
        "logo_digest": logo.digest,
        "logo_width": logo.width,
        "logo_height": logo.height,
        "logo_backdrop": logo.backdrop,
    }


def reset(*, actor: Model) -> None:
    """Delete what is stored, so that the server's settings hold for every field."""
    with transaction.atomic():
        row = brand.without_logo_file().select_for_update().first()
        if row is not None:
            log.record("branding.reset", actor=actor, target=row)
            row.delete()
