"""Times as `portal.core.times` writes them: with the day's short name of the month, 24 hours, and the time zone."""

DATE_FORMAT = "M j, Y"
DATETIME_FORMAT = "M j, Y, H:i T"
