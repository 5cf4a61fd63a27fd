"""The offset of the portal's clock, and daily counts."""

from django.db import models


class ClockOffset(models.Model):
    """How many seconds the portal's clock is ahead of the database's. There is at most one row."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    seconds = models.FloatField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_clock_offset")]

    def __str__(self) -> str:
        return f"{self.seconds:+.0f} s"


class DailyCount(models.Model):
    """How often something was done on one day. `portal.core.daily_limits` writes these rows."""

    day = models.DateField()
    key = models.CharField(max_length=64)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "key"], name="one_daily_count")]

    def __str__(self) -> str:
        return f"daily count {self.pk}"
