"""The offset of the portal's clock."""

from django.db import models


class ClockOffset(models.Model):
    """How many seconds the portal's clock is ahead of the database's. There is at most one row."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    seconds = models.FloatField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_clock_offset")]

    def __str__(self) -> str:
        return f"{self.seconds:+.0f} s"
