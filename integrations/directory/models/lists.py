"""How people set up the contact list: the columns they chose, and views they saved."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from integrations.connections.models import Installation
from portal.accounts.models import User


class ColumnChoice(models.Model):
    """The columns that a person chose for their contact list, in order."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="column_choice")
    columns = models.JSONField()

    def __str__(self) -> str:
        return f"column choice {self.pk}"


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def visible_to(self, user: User, installation: Installation) -> "SavedViewQuerySet":
        """Return the views of an installation that ``user`` saved or that are shared."""
        return self.filter(Q(user=user) | Q(is_shared=True), installation=installation)


class SavedView(models.Model):
    """Search, filters, order and columns of the contact list, saved under a name."""

    installation = models.ForeignKey(Installation, on_delete=models.CASCADE, related_name="saved_views")
    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="saved_views", help_text="The person who saved it"
    )
    name = models.CharField(max_length=60)
    query = models.TextField(blank=True, help_text="The list's query string")
    columns = models.JSONField()
    is_shared = models.BooleanField("Share with everyone in the organization", default=False)
    is_pinned = models.BooleanField("Pin above the list", default=False)
    created_at = models.DateTimeField()

    objects: ClassVar[SavedViewQuerySet] = SavedViewQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["installation", "user", "name"], name="one_saved_view_of_a_name")
        ]

    def __str__(self) -> str:
        return f"saved view {self.pk}"
