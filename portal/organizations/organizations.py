"""Making organizations, and saying which operator looks after them."""

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from portal.accounts.models import User
from portal.audit import log
from portal.core import clock
from portal.core.errors import Refused
from portal.organizations import names
from portal.organizations.models import Organization

#: Words that follow ``/organizations/`` in addresses of their own.
RESERVED_SLUGS = frozenset({"add-many", "imports", "new"})
SLUG_LENGTH = 50
#: How many names `find` suggests.
NEAR = 3


def create(*, name: str, actor: User | None, looked_after_by: User | None = None) -> Organization:
    """A new customer. Its slug is made of its name and never changes.

    Raises Refused when it can't be a name, or another organization has one that reads the same.
    """
    name = names.clean(name)
    known = Organization.objects.values_list("name", flat=True)
    if names.folded(name) in {names.folded(other) for other in known.iterator()}:
        raise Refused("There is an organization of this name already. Choose another name, or open that one.")
    try:
        with transaction.atomic():
            organization = Organization.objects.create(
                name=name, slug=_free_slug(name), looked_after_by=looked_after_by, created_at=clock.now()
            )
            log.record("organization.created", actor=actor, organization=organization, target=organization)
    except IntegrityError:
        raise Refused("Somebody has just created an organization of this name. Open that one.") from None
    return organization


def find(name: str) -> Organization:
    """The organization of this short name, or else of this very name. Raises Refused, naming those that are near."""
    found = Organization.objects.filter(slug=name).first() or Organization.objects.filter(name=name).first()
    if found is not None:
        return found
    words = [word for word in slugify(name).split("-") if len(word) > 2]
    near = [row for row in Organization.objects.all() if any(word in row.slug for word in words)][:NEAR]
    hint = f" Did you mean {' or '.join(row.slug for row in near)}?" if near else ""
    raise Refused(f"There is no organization “{name}”.{hint}")


def _free_slug(name: str) -> str:
    stem = slugify(name)[:SLUG_LENGTH].strip("-") or "organization"
    taken = (
        set(Organization.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
        | RESERVED_SLUGS
    )
    if stem not in taken:
        return stem
    return next(slug for number in range(2, len(taken) + 3) if (slug := f"{stem}-{number}") not in taken)


def look_after(*, organization: Organization, operator: User | None, actor: User) -> None:
    """Make ``operator`` (or nobody) the one who looks after it. Raises Refused for anybody who is no operator."""
    if operator is not None and not (operator.is_operator and operator.is_active):
        raise Refused("Only an operator can look after an organization.")
    if organization.looked_after_by_id == (operator.pk if operator else None):
        return
    with transaction.atomic():
        organization.looked_after_by = operator
        organization.save(update_fields=["looked_after_by"])
        log.record(
            "organization.looked_after",
            actor=actor,
            organization=organization,
            target=organization,
            operator=operator.pk if operator else None,
        )
