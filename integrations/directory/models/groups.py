"""Groups that an organization requires for every new contact. No endpoint of Total Expert lists them."""

from django.conf import settings
from django.db import models

from integrations.connections.models import Installation

#: The longest folded name. A group's name has up to 255 characters, some of which fold to several.
LONGEST_FOLDED = 500


class RequiredGroup(models.Model):
    """The name of a group that every new contact must be in, or what became of such a name.

    A row is never deleted, so that the audit log's entries about it stay together.
    """

    class State(models.TextChoices):
        REQUIRED = "required", "Required"
        SUGGESTED = "suggested", "Suggested"
        DISMISSED = "dismissed", "Dismissed"
        RELEASED = "released", "No longer required"

    class Source(models.TextChoices):
        PERSON = "person", "Recorded by a person"
        REFUSED_CREATE = "refused_create", "Learned from a refused create"

    installation = models.ForeignKey(Installation, on_delete=models.CASCADE, related_name="required_groups")
    name = models.CharField(max_length=255)
    folded_name = models.CharField(max_length=LONGEST_FOLDED)
    state = models.CharField(max_length=16, choices=State, default=State.REQUIRED)
    source = models.CharField(max_length=16, choices=Source, default=Source.PERSON)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Who brought it into its state. Empty for suggestions",
    )
    recorded_at = models.DateTimeField(help_text="When it came into its state")

    class Meta:
        ordering = ["folded_name"]
        constraints = [
            models.UniqueConstraint(fields=["installation", "folded_name"], name="one_required_group_each")
        ]

    def __str__(self) -> str:
        return f"required group {self.pk}"

    @property
    def is_required(self) -> bool:
        return self.state == self.State.REQUIRED
