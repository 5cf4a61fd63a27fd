"""Synced owners, groups and contacts of an installation, and which connection sees which contact."""

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import Q

from integrations.connections.models import Connection, Installation
from portal.accounts.models import User
from portal.core import names
from portal.core.search_text import SearchTextField
from portal.organizations.models import Organization
from portal.organizations.roles import Capability

#: Stands for an unknown time in columns that lists sort by, because databases sort nulls differently.
UNKNOWN_TIME = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Owner(models.Model):
    """A Total Expert user who can own contacts, read by an admin connection or learned from a contact's owner field."""

    installation = models.ForeignKey(Installation, on_delete=models.CASCADE, related_name="owners")
    remote_id = models.BigIntegerField()
    username = models.CharField(max_length=255, blank=True)
    email = models.CharField(max_length=255, blank=True)
    external_id = models.CharField(max_length=255, blank=True)
    first_name = models.CharField(max_length=255, blank=True)
    last_name = models.CharField(max_length=255, blank=True)
    role_name = models.CharField(max_length=255, blank=True)
    search = SearchTextField(sources=("first_name", "last_name", "email", "username"), max_length=1200)
    is_active = models.BooleanField(
        null=True, help_text="Empty if unknown: only admin connections can read it"
    )
    is_learned = models.BooleanField(default=False, help_text="Known only because a contact names this owner")
    synced_at = models.DateTimeField()

    class Meta:
        ordering = ["last_name", "first_name", "remote_id"]
        constraints = [models.UniqueConstraint(fields=["installation", "remote_id"], name="one_owner_each")]

    def __str__(self) -> str:
        return f"owner {self.pk}"

    @property
    def display_name(self) -> str:
        """Return the best known name of this owner."""
        name = f"{self.first_name} {self.last_name}".strip() or names.from_email(self.email) or self.username
        return name or f"User {self.remote_id}"


class ContactGroup(models.Model):
    """A group of one owner's contacts. Several owners can have groups with the same name."""

    installation = models.ForeignKey(Installation, on_delete=models.CASCADE, related_name="contact_groups")
    remote_id = models.BigIntegerField()
    name = models.CharField(max_length=255)
    search = SearchTextField(sources=("name",))
    owner = models.ForeignKey(Owner, null=True, on_delete=models.SET_NULL, related_name="contact_groups")
    user_editable = models.BooleanField(null=True)
    first_seen_at = models.DateTimeField(
        null=True, help_text="Empty for groups that were synced before this was recorded"
    )
    synced_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True, help_text="When a sync found that the group no longer exists")

    class Meta:
        ordering = ["name", "remote_id"]
        constraints = [models.UniqueConstraint(fields=["installation", "remote_id"], name="one_group_each")]
        indexes = [models.Index(fields=["installation", "name"], name="group_by_name")]

    def __str__(self) -> str:
        return f"group {self.pk}"


class ContactQuerySet(models.QuerySet["Contact"]):
    def visible_to(self, user: User, organization: Organization) -> "ContactQuerySet":
        """Return the organization's contacts that ``user`` may see: all, or only those their own connections see."""
        rows = self.filter(installation__organization=organization)
        if organization.allows(user, Capability.OVERVIEW):
            return rows
        if not organization.allows(user, Capability.BROWSE):
            return rows.none()
        own = Connection.objects.filter(installation__organization=organization, user=user).values_list(
            "pk", flat=True
        )
        return rows.filter(pk__in=Visibility.objects.filter(connection__in=list(own)).values("contact"))

    def present(self) -> "ContactQuerySet":
        """Return the contacts that at least one connection still sees."""
        return self.filter(gone_at=None)


PRESENT = Q(gone_at=None)
#: The fields that the list can be filtered by.
FILTERED = [
    "archived",
    "ok_to_call",
    "ok_to_email",
    "ok_to_mail",
    "is_silenced",
    "owner",
    "state",
    "source",
    "remote_updated_at",
    "search",
]


class Contact(models.Model):
    """A contact as Total Expert last returned it, with the fields that lists need. `Document` has the whole record.

    A flag without a value is unknown, not false. A sync never deletes rows.
    """

    installation = models.ForeignKey(Installation, on_delete=models.CASCADE, related_name="contacts")
    remote_id = models.BigIntegerField()
    owner = models.ForeignKey(
        Owner, null=True, on_delete=models.SET_NULL, related_name="contacts", db_index=False
    )
    first_name = models.CharField(max_length=255, blank=True)
    last_name = models.CharField(max_length=255, blank=True)
    email = models.CharField(max_length=255, blank=True)
    email_work = models.CharField(max_length=255, blank=True)
    phone_cell = models.CharField(max_length=64, blank=True)
    phone_home = models.CharField(max_length=64, blank=True)
    phone_office = models.CharField(max_length=64, blank=True)
    city = models.CharField(max_length=255, blank=True)
    state = models.CharField(max_length=64, blank=True)
    source = models.CharField(max_length=120, blank=True)
    external_id = models.CharField(max_length=255, blank=True)
    ok_to_call = models.BooleanField(null=True)
    ok_to_email = models.BooleanField(null=True)
    ok_to_mail = models.BooleanField(null=True)
    is_silenced = models.BooleanField(null=True)
    archived = models.BooleanField(null=True)
    remote_created_at = models.DateTimeField(default=UNKNOWN_TIME)
    remote_updated_at = models.DateTimeField(default=UNKNOWN_TIME)
    search = models.CharField(
        max_length=400, help_text="Phone digits, names and email addresses in lower case without accents"
    )
    sort_name = models.CharField(
        max_length=120, help_text="Last name and first name in lower case without accents"
    )
    sort_city = models.CharField(max_length=120, blank=True)
    digest = models.CharField(max_length=64, help_text="Hash of the whole record, to detect changes")
    as_admin = models.BooleanField(
        default=False, help_text="Read by an admin connection, which sees more fields"
    )
    first_seen_at = models.DateTimeField()
    synced_at = models.DateTimeField(help_text="When the synced copy last changed")
    gone_at = models.DateTimeField(null=True, help_text="When the last connection stopped seeing it")

    objects: ClassVar[ContactQuerySet] = ContactQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [models.UniqueConstraint(fields=["installation", "remote_id"], name="one_contact_each")]
        # One index for each order of the list, over the contacts that are still seen. The first covers all filters, so
        # that filtering, searching and counting don't read the rows.
        indexes = [
            models.Index(
                fields=["installation", "sort_name", "id", *FILTERED],
                name="contact_by_name",
                condition=PRESENT,
            ),
            models.Index(
                fields=["installation", "remote_updated_at", "id"],
                name="contact_by_update",
                condition=PRESENT,
            ),
            models.Index(
                fields=["installation", "remote_created_at", "id"],
                name="contact_by_creation",
                condition=PRESENT,
            ),
            models.Index(
                fields=["installation", "sort_city", "id"], name="contact_by_city", condition=PRESENT
            ),
            models.Index(fields=["installation", "state"], name="contact_by_state", condition=PRESENT),
            models.Index(fields=["installation", "source"], name="contact_by_source", condition=PRESENT),
            models.Index(fields=["owner"], name="contact_by_owner", condition=PRESENT),
            models.Index(fields=["installation", "gone_at"], name="contact_gone", condition=~PRESENT),
        ]

    def __str__(self) -> str:
        return f"contact {self.pk}"

    @property
    def display_name(self) -> str:
        """Return the first and last name, or else the email address or the ID."""
        return f"{self.first_name} {self.last_name}".strip() or self.email or f"Contact {self.remote_id}"

    @property
    def phone(self) -> str:
        """Return the first phone number that is known: cell, home, then office."""
        return self.phone_cell or self.phone_home or self.phone_office

    @property
    def updated_at(self) -> dt.datetime | None:
        """Return when it was last changed at Total Expert. None means unknown."""
        return None if self.remote_updated_at == UNKNOWN_TIME else self.remote_updated_at

    @property
    def created_at(self) -> dt.datetime | None:
        """Return when it was created at Total Expert. None means unknown."""
        return None if self.remote_created_at == UNKNOWN_TIME else self.remote_created_at


class Document(models.Model):
    """The whole record of a contact as Total Expert returned it. A table of its own keeps the rows of lists narrow."""

    contact = models.OneToOneField(
        Contact, primary_key=True, on_delete=models.CASCADE, related_name="document"
    )
    raw = models.JSONField()
    shown = models.JSONField(
        null=True,
        help_text="Names of the fields that a person's connection showed, if the record is an admin connection's. "
        "Empty: none did.",
    )

    def __str__(self) -> str:
        return f"document {self.pk}"


class Membership(models.Model):
    """A contact's membership in a group."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="memberships", db_index=False)
    group = models.ForeignKey(
        ContactGroup, on_delete=models.CASCADE, related_name="memberships", db_index=False
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["contact", "group"], name="one_place_in_a_group")]
        indexes = [models.Index(fields=["group", "contact"], name="membership_by_group")]

    def __str__(self) -> str:
        return f"membership {self.pk}"


class Visibility(models.Model):
    """A connection sees a contact. Says in which of its passes it saw the contact last, and when."""

    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="visibilities", db_index=False
    )
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="visibilities")
    pass_number = models.PositiveIntegerField()
    archived_in = models.PositiveIntegerField(
        null=True, help_text="Number of the pass that found it among the archived contacts"
    )
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "contact"], name="one_visibility_each")]
        indexes = [
            models.Index(fields=["connection", "pass_number", "contact"], name="visibility_by_pass"),
        ]

    def __str__(self) -> str:
        return f"visibility {self.pk}"


#: Contacts that no connection sees anymore and that aren't marked as gone yet.
UNSEEN = Q(visibilities=None, gone_at=None)
