"""The clock's offset."""

from django.db import models


class ClockOffset(models.Model):
    """How far this portal's clock runs ahead of the database's, in seconds: one row at most."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    seconds = models.FloatField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_clock_offset")]

    def __str__(self) -> str:
        return f"{self.seconds:+.0f} s"
