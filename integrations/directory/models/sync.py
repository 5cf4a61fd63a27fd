"""What each connection sees, how up to date it is, and what its syncs left out."""

from django.db import models

from integrations.connections.models import Connection
from integrations.directory.models.contacts import Owner


class SyncState(models.Model):
    """What one connection sees, and how up to date it is."""

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, related_name="sync_state")
    owner = models.ForeignKey(
        Owner,
        null=True,
        on_delete=models.SET_NULL,
        related_name="sync_states",
        help_text="The person whose contacts it sees. Empty for admin connections",
    )
    passes = models.PositiveIntegerField(default=0, help_text="Number of the latest pass")
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True, help_text="When the latest complete pass finished")
    covers_until = models.DateTimeField(
        null=True, help_text="When the latest complete pass began. It has read all changes until then"
    )
    first_finished_at = models.DateTimeField(null=True, help_text="When the first complete pass finished")
    full_finished_at = models.DateTimeField(
        null=True, help_text="When the latest pass that read everything finished"
    )
    seen_until = models.DateTimeField(
        null=True, help_text="Time of the latest change that a complete pass has read"
    )
    trying_since = models.DateTimeField(
        null=True, help_text="When the first attempt since the latest complete pass began"
    )
    contacts = models.PositiveIntegerField(default=0)
    groups = models.PositiveIntegerField(default=0)
    difference = models.BigIntegerField(
        null=True,
        help_text="Contacts that Total Expert counted minus those read or left out. Empty if not compared",
    )
    is_complete = models.BooleanField(
        default=False,
        help_text="The counts were compared when a pass ended and agreed, and nothing was left out",
    )
    problem = models.CharField(max_length=500, blank=True, help_text="Why the latest pass didn't finish")

    def __str__(self) -> str:
        return f"sync_state of {self.connection_id}"


class Unread(models.Model):
    """Something that a pass left out. Later passes try it again, less often each time."""

    tries = models.PositiveSmallIntegerField(default=1)
    first_failed_at = models.DateTimeField()
    next_try_at = models.DateTimeField()
    reason = models.CharField(max_length=64, help_text="The code of the error")

    class Meta:
        abstract = True


class UnreadContact(Unread):
    """A contact that couldn't be read or stored, or whose groups are in an unknown format."""

    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="unread_contacts", db_index=False
    )
    remote_id = models.BigIntegerField()

    class Meta:
        ordering = ["next_try_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "remote_id"], name="one_unread_contact_each")
        ]

    def __str__(self) -> str:
        return f"unread contact {self.pk}"


class UnreadPage(Unread):
    """A page of a list that couldn't be read.

    Of contacts, it covers those changed from ``since`` until ``until``. Without ``until`` it reaches the end of the list.
    """

    class List(models.TextChoices):
        CONTACTS = "contacts", "Contacts"
        ARCHIVED = "archived", "Archived contacts"
        GROUPS = "groups", "Groups"
        OWNERS = "owners", "Owners"

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="unread_pages")
    list = models.CharField(max_length=16, choices=List.choices)
    since = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["next_try_at", "pk"]

    def __str__(self) -> str:
        return f"unread page {self.pk}"
