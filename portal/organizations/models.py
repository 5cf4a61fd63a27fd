"""Organizations, memberships and invitations."""

import datetime as dt
import uuid
from typing import Any, ClassVar, Literal

from django.conf import settings
from django.db import models

from portal.accounts.models import User
from portal.organizations.roles import MEMBER_ROLES, Capability, Role, allows

INVITATION_DAYS = 7


class OrganizationQuerySet(models.QuerySet["Organization"]):
    def visible_to(self, user: Any) -> "OrganizationQuerySet":
        """Those that ``user`` may see: where every query starts."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self if user.is_operator else self.filter(memberships__user=user)

    def allowing(self, user: Any, capability: Capability) -> "OrganizationQuerySet":
        """Those where the role of ``user`` may do ``capability``."""
        visible = self.visible_to(user)
        if user.is_authenticated and user.is_operator:
            return visible if allows(Role.OPERATOR, capability) else self.none()
        roles = [role for role in MEMBER_ROLES if allows(role, capability)]
        # a person has one membership in an organization, so this is the role of the one that makes it visible
        return visible.filter(memberships__in=Membership.objects.filter(user=user.pk, role__in=roles))


class Organization(models.Model):
    """A customer of the partner."""

    name = models.CharField(max_length=120, unique=True)
    slug = models.SlugField(max_length=60, unique=True)
    looked_after_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="looks_after"
    )
    created_at = models.DateTimeField()

    objects: ClassVar[OrganizationQuerySet] = OrganizationQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def role_of(self, user: User) -> Role | None:
        """What ``user`` is here, or None."""
        if user.is_operator:
            return Role.OPERATOR
        role = self.memberships.filter(user=user).values_list("role", flat=True).first()
        return Role(role) if role else None

    def allows(self, user: User, capability: Capability) -> bool:
        role = self.role_of(user)
        return role is not None and allows(role, capability)


class Membership(models.Model):
    """What one person is in one organization."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=[(role.value, role.label) for role in MEMBER_ROLES])
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "organization"], name="one_membership_each")]

    def __str__(self) -> str:
        return f"membership {self.pk}"


class Invitation(models.Model):
    """A link that lets one address join an organization. Only the token's hash is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=16, choices=[(role.value, role.label) for role in MEMBER_ROLES])
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(help_text="When the current link was made")
    mailed_at = models.DateTimeField(
        null=True, help_text="When the mail server took the current link; empty: it did not"
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
        """Whether it can still be accepted."""
        return self.standing(at) in ("open", "opened")

    def standing(self, at: dt.datetime) -> Literal["open", "opened", "accepted", "withdrawn", "expired"]:
        """What became of it: accepted, withdrawn or expired; else opened (by a person or a mail scanner) or open."""
        if self.accepted_at is not None:
            return "accepted"
        if self.withdrawn_at is not None:
            return "withdrawn"
        if at >= self.expires_at:
            return "expired"
        return "opened" if self.opened_at is not None else "open"
