"""Create, rename and find organizations, and assign their account owner."""

import datetime as dt

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.text import slugify

from portal.accounts.models import User
from portal.audit import log
from portal.audit.models import Entry
from portal.core import clock, search_text, text
from portal.core.errors import Refused
from portal.organizations import names
from portal.organizations.models import Organization

#: Words that follow ``/organizations/`` in other URLs.
RESERVED_SLUGS = frozenset({"add-many", "imports", "new"})
SLUG_LENGTH = 50
#: How many similar names `find` suggests.
SUGGESTIONS = 3
#: How often `create` tries again after someone else took the name or the slug in the same moment.
ATTEMPTS = 3
#: How long ago an organization was created, for the same form in another tab to lead to it.
JUST_NOW = dt.timedelta(minutes=10)
TAKEN = "An organization with this name already exists."


def create(*, name: str, actor: User | None, account_owner: User | None = None) -> Organization:
    """Create an organization. Its slug is made from its name and never changes.

    Raise Refused if the name is not valid or another organization has the same one.
    """
    name = names.clean(name)
    for _ in range(ATTEMPTS):
        _refuse_taken(name)
        slug = _free_slug(name)
        try:
            with transaction.atomic():
                organization = Organization.objects.create(
                    name=name, slug=slug, account_owner=account_owner, created_at=clock.now()
                )
                log.record(
                    "organization.created", actor=actor, organization=organization, target=organization
                )
            return organization
        except IntegrityError:  # someone else just took the name or the slug
            continue
    raise Refused("Several people are creating organizations right now. Try again.")


def find_just_created(*, name: str, actor: User, account_owner: User | None) -> Organization | None:
    """Return the organization that ``actor`` created with this name and account owner a few minutes ago, or None."""
    created = Organization.objects.filter(
        name=name.strip(), account_owner=account_owner, created_at__gt=clock.now() - JUST_NOW
    ).first()
    if created is None:
        return None
    entries = Entry.objects.filter(action="organization.created", actor=actor, organization_id=created.pk)
    return created if entries.exists() else None


def rename(*, organization: Organization, name: str, actor: User) -> None:
    """Give an organization another name. Its slug, and so its URLs, stay the same.

    Raise Refused if the name is not valid or another organization has the same one.
    """
    name = names.clean(name)
    if name == organization.name:
        return
    _refuse_taken(name, by_other_than=organization)
    changes = {"name": name, "folded_name": names.folded(name), "search": search_text.fold(name)}
    try:
        with transaction.atomic():
            Organization.objects.filter(pk=organization.pk).update(**changes)
            log.record("organization.renamed", actor=actor, organization=organization, target=organization)
    except IntegrityError:
        raise Refused(TAKEN) from None
    for field, value in changes.items():
        setattr(organization, field, value)


def _refuse_taken(name: str, by_other_than: Organization | None = None) -> None:
    same = Organization.objects.filter(folded_name=names.folded(name))
    if by_other_than is not None:
        same = same.exclude(pk=by_other_than.pk)
    if same.exists():
        raise Refused(TAKEN)


def assign_account_owner(*, organization: Organization, operator: User | None, actor: User) -> None:
    """Make ``operator``, or no one, the account owner. Raise Refused for anyone who isn't an active operator."""
    if operator is not None and not (operator.is_operator and operator.is_active):
        raise Refused("Only an operator can be the account owner.")
    if organization.account_owner_id == (operator.pk if operator else None):
        return
    with transaction.atomic():
        organization.account_owner = operator
        organization.save(update_fields=["account_owner"])
        log.record(
            "organization.account_owner_changed",
            actor=actor,
            organization=organization,
            target=organization,
            operator=operator.pk if operator else None,
        )


def find(name: str) -> Organization:
    """Return the organization with this slug, or else with this name. Raise Refused with similar slugs if there is none."""
    rows, name = Organization.objects, text.clean(name)
    found = rows.filter(slug=name).first() or rows.filter(folded_name=names.folded(name)).first()
    if found is not None:
        return found
    similar = Q(pk__in=[])
    for word in slugify(name).split("-"):
        if len(word) > 2:
            similar |= Q(slug__contains=word)
    near = list(rows.filter(similar).values_list("slug", flat=True)[:SUGGESTIONS])
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
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
