"""The branding that operators have set in the portal."""

from django.db import models

from portal.branding.values import validate_color, validate_name, validate_privacy_url


class Branding(models.Model):
    """Values that replace those of the server's settings; empty fields don't. There is at most one row."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    partner_name = models.CharField(max_length=80, blank=True, validators=[validate_name])
    product_name = models.CharField(max_length=60, blank=True, validators=[validate_name])
    accent_color = models.CharField(max_length=7, blank=True, validators=[validate_color])
    support_email = models.EmailField(blank=True)
    privacy_url = models.URLField(blank=True, validators=[validate_privacy_url])
    #: A PNG file that `portal.branding.logos` has made. Kept here because web machines share no disk.
    logo = models.BinaryField(null=True, blank=True)
    logo_digest = models.CharField(max_length=32, blank=True)
    logo_width = models.PositiveSmallIntegerField(default=0)
    logo_height = models.PositiveSmallIntegerField(default=0)
    #: The theme in which the logo needs a background of its own to be seen: "light", "dark" or neither.
    logo_backdrop = models.CharField(max_length=5, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "branding"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_branding")]

    def __str__(self) -> str:
        return "branding"
