"""Organizations, memberships and invitations."""

import datetime as dt
import uuid
from typing import Any, ClassVar, Literal

from django.conf import settings
from django.db import models

from portal.accounts.models import User
from portal.core import search_text
from portal.core import text as texts
from portal.core.search_text import SearchTextField
from portal.organizations import names
from portal.organizations.roles import MEMBER_ROLES, Capability, Role, allows

INVITATION_DAYS = 7


class FoldedNameField(models.CharField):  # type: ignore[type-arg]
    """The folded form of the row's ``name``, set whenever the row is saved, also by ``bulk_create``."""

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        value = names.folded(getattr(model_instance, "name"))  # noqa: B009
        setattr(model_instance, self.attname, value)
        return value


class OrganizationQuerySet(models.QuerySet["Organization"]):
    def visible_to(self, user: Any) -> "OrganizationQuerySet":
        """Return those that ``user`` may see. Every query starts here."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self if user.is_operator else self.filter(memberships__user=user)

    def matching(self, text: str) -> "OrganizationQuerySet":
        """Return those with all words of ``text`` in their name, or with ``text`` as their slug."""
        return self.filter(models.Q(slug=texts.clean(text)) | search_text.matching("search", text))

    def allowing(self, user: Any, capability: Capability) -> "OrganizationQuerySet":
        """Return those where the role of ``user`` allows ``capability``."""
        visible = self.visible_to(user)
        if user.is_authenticated and user.is_operator:
            return visible if allows(Role.OPERATOR, capability) else self.none()
        roles = [role for role in MEMBER_ROLES if allows(role, capability)]
        # a person has one membership in an organization, so this is the one that makes it visible
        return visible.filter(memberships__in=Membership.objects.filter(user=user.pk, role__in=roles))


class Organization(models.Model):
    """A customer of the partner."""

    name = models.CharField(max_length=names.LONGEST, unique=True)
    folded_name = FoldedNameField(max_length=names.LONGEST_FOLDED, editable=False)
    search = SearchTextField(sources=("name",))
    slug = models.SlugField(max_length=60, unique=True)
    account_owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="owned_accounts",
        help_text="The operator responsible for this customer",
    )
    created_at = models.DateTimeField()

    objects: ClassVar[OrganizationQuerySet] = OrganizationQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["folded_name"], name="one_organization_per_name")]

    def __str__(self) -> str:
        return self.name

    def role_of(self, user: User) -> Role | None:
        """Return the role of ``user`` here, or None."""
        if user.is_operator:
            return Role.OPERATOR
        role = self.memberships.filter(user=user).values_list("role", flat=True).first()
        return Role(role) if role else None

    def allows(self, user: User, capability: Capability) -> bool:
        """Return whether the role of ``user`` here allows ``capability``."""
        role = self.role_of(user)
        return role is not None and allows(role, capability)


class Membership(models.Model):
    """One person's role in one organization."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=[(role.value, role.label) for role in MEMBER_ROLES])
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "organization"], name="one_membership_each")]

    def __str__(self) -> str:
        return f"membership {self.pk}"


class Invitation(models.Model):
    """A link that lets one email address join an organization. Only the hash of its token is stored."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=16, choices=[(role.value, role.label) for role in MEMBER_ROLES])
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(help_text="When the current link was created")
    mailed_at = models.DateTimeField(
        null=True, help_text="When the mail server accepted the current link; empty if it did not"
    )
    expires_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["created_at"], name="invitation_by_creation")]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "email"],
                condition=models.Q(accepted_at=None, withdrawn_at=None),
                name="one_invitation_an_address",
            )
        ]

    def __str__(self) -> str:
        return f"invitation {self.pk}"

    def is_open(self, at: dt.datetime) -> bool:
        """Return whether it can still be accepted at this time."""
        return self.state_at(at) in ("open", "opened")

    def state_at(self, at: dt.datetime) -> Literal["open", "opened", "accepted", "withdrawn", "expired"]:
        """Return its state at this time. "opened" means that a person or a mail scanner has opened the link."""
        if self.accepted_at is not None:
            return "accepted"
        if self.withdrawn_at is not None:
            return "withdrawn"
        if at >= self.expires_at:
            return "expired"
        return "opened" if self.opened_at is not None else "open"
