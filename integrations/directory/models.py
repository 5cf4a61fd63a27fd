"""The mirror: owners, groups and contacts of an installation, and which connection saw what."""

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import Q

from integrations.connections.models import Connection, Installation
from portal.accounts.models import User
from portal.organizations.models import Organization
from portal.organizations.roles import Capability

#: Stands for an unknown time in columns that lists are sorted by: every database sorts nulls its own way.
UNKNOWN_TIME = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Owner(models.Model):
    """A user of Total Expert who owns contacts: read as admin, or learnt from a contact that names its owner."""

    installation = models.ForeignKey(Installation, on_delete=models.CASCADE, related_name="owners")
    remote_id = models.BigIntegerField()
    username = models.CharField(max_length=255, blank=True)
    email = models.CharField(max_length=255, blank=True)
    external_id = models.CharField(max_length=255, blank=True)
    first_name = models.CharField(max_length=255, blank=True)
    last_name = models.CharField(max_length=255, blank=True)
    role_name = models.CharField(max_length=255, blank=True)
    is_active = models.BooleanField(
        null=True, help_text="Empty: unknown, since only connections as admin see it"
    )
    is_learnt = models.BooleanField(default=False, help_text="Only known because a contact names it")
    synced_at = models.DateTimeField()

    class Meta:
        ordering = ["last_name", "first_name", "remote_id"]
        constraints = [models.UniqueConstraint(fields=["installation", "remote_id"], name="one_owner_each")]

    def __str__(self) -> str:
        return f"owner {self.pk}"

    @property
    def display_name(self) -> str:
        """What people call this owner, as far as is known."""
        name = f"{self.first_name} {self.last_name}".strip() or self.email.partition("@")[0] or self.username
        return name or f"User {self.remote_id}"


class ContactGroup(models.Model):
    """A group of one owner's contacts. The same name may exist for several owners."""

    installation = models.ForeignKey(Installation, on_delete=models.CASCADE, related_name="contact_groups")
    remote_id = models.BigIntegerField()
    name = models.CharField(max_length=255)
    owner = models.ForeignKey(Owner, null=True, on_delete=models.SET_NULL, related_name="contact_groups")
    user_editable = models.BooleanField(null=True)
    synced_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True, help_text="When it was found to exist no longer")

    class Meta:
        ordering = ["name", "remote_id"]
        constraints = [models.UniqueConstraint(fields=["installation", "remote_id"], name="one_group_each")]
        indexes = [models.Index(fields=["installation", "name"], name="group_by_name")]

    def __str__(self) -> str:
        return f"group {self.pk}"


class ContactQuerySet(models.QuerySet["Contact"]):
    def visible_to(self, user: User, organization: Organization) -> "ContactQuerySet":
        """The organization's contacts that ``user`` may see: all, or only those their own connections saw."""
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
        """Those that some connection still sees."""
        return self.filter(gone_at=None)


PRESENT = Q(gone_at=None)
#: What the list can be filtered by.
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
    """A contact as Total Expert last showed it: what lists need. The whole record is its `Document`.

    A flag without a value is unknown, not no. Rows are never deleted by a sync.
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
        max_length=400, help_text="Phone digits, names and e-mail addresses, lower case, without accents"
    )
    sort_name = models.CharField(
        max_length=120, help_text="Last name, first name, lower case, without accents"
    )
    sort_city = models.CharField(max_length=120, blank=True)
    digest = models.CharField(max_length=64, help_text="Of the whole record: tells whether anything changed")
    as_admin = models.BooleanField(default=False, help_text="Shown to a connection as admin, who sees more")
    first_seen_at = models.DateTimeField()
    synced_at = models.DateTimeField(help_text="When it last changed here")
    gone_at = models.DateTimeField(null=True, help_text="When no connection saw it any longer")

    objects: ClassVar[ContactQuerySet] = ContactQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [models.UniqueConstraint(fields=["installation", "remote_id"], name="one_contact_each")]
        # Of those still seen: one index for each order of the list. The first is wide, so that filtering, searching
        # and counting need no look at the rows.
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
        """First and last name, or whatever else names this contact."""
        return f"{self.first_name} {self.last_name}".strip() or self.email or f"Contact {self.remote_id}"

    @property
    def phone(self) -> str:
        """The first of the phone numbers there is."""
        return self.phone_cell or self.phone_home or self.phone_office

    @property
    def updated_at(self) -> dt.datetime | None:
        """When it was changed in Total Expert; None where unknown."""
        return None if self.remote_updated_at == UNKNOWN_TIME else self.remote_updated_at

    @property
    def created_at(self) -> dt.datetime | None:
        """When it was created in Total Expert; None where unknown."""
        return None if self.remote_created_at == UNKNOWN_TIME else self.remote_created_at


class Document(models.Model):
    """The whole record of a contact, as it came. Apart from the contact, so that lists read narrow rows."""

    contact = models.OneToOneField(
        Contact, primary_key=True, on_delete=models.CASCADE, related_name="document"
    )
    raw = models.JSONField()

    def __str__(self) -> str:
        return f"document {self.pk}"


class Membership(models.Model):
    """A contact is in a group."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="memberships", db_index=False)
    group = models.ForeignKey(
        ContactGroup, on_delete=models.CASCADE, related_name="memberships", db_index=False
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["contact", "group"], name="one_place_in_a_group")]
        indexes = [models.Index(fields=["group", "contact"], name="membership_by_group")]

    def __str__(self) -> str:
        return f"membership {self.pk}"


class SyncState(models.Model):
    """What one connection sees, and how fresh that is."""

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, related_name="sync_state")
    owner = models.ForeignKey(
        Owner,
        null=True,
        on_delete=models.SET_NULL,
        related_name="sync_states",
        help_text="Whose sync_state it is; empty: as admin",
    )
    passes = models.PositiveIntegerField(default=0, help_text="The number of the latest pass")
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True, help_text="When the latest complete pass ended")
    first_finished_at = models.DateTimeField(null=True, help_text="When the first complete pass ended")
    full_finished_at = models.DateTimeField(
        null=True, help_text="When the latest pass that read everything ended"
    )
    seen_until = models.DateTimeField(null=True, help_text="The latest change that a complete pass has seen")
    contacts = models.PositiveIntegerField(default=0)
    groups = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=500, blank=True, help_text="Why the latest pass did not end")

    def __str__(self) -> str:
        return f"sync_state of {self.connection_id}"


class Visibility(models.Model):
    """A connection saw a contact: in which of its passes, and when."""

    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="visibilities", db_index=False
    )
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="visibilities")
    pass_number = models.PositiveIntegerField()
    archived_in = models.PositiveIntegerField(
        null=True, help_text="The pass that found it among the archived ones"
    )
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "contact"], name="one_visibility_each")]
        indexes = [
            models.Index(fields=["connection", "pass_number", "contact"], name="visibility_by_pass"),
        ]

    def __str__(self) -> str:
        return f"visibility {self.pk}"


#: Contacts that no connection sees any longer.
UNSEEN = Q(visibilities=None, gone_at=None)
