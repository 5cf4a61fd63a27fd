"""The form of the branding."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from portal.branding import brand, logos
from portal.branding.logos import NewLogo
from portal.branding.models import Branding
from portal.core.email_addresses import EmailField
from portal.core.errors import Refused


class BrandingForm(forms.ModelForm):  # type: ignore[type-arg]
    """What operators set. ``new_logo`` holds the logo made from an upload once the form is valid."""

    logo_file = forms.FileField(
        label="Logo",
        required=False,
        help_text="PNG, JPEG or WebP, at most 1 MB. A wide logo with a transparent background looks best.",
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
    )
    remove_logo = forms.BooleanField(label="Remove the logo", required=False)
    support_email = EmailField(label="Support email", required=False)
    privacy_url = forms.URLField(label="Privacy policy", required=False, assume_scheme="https")

    class Meta:
        model = Branding
        fields = ["partner_name", "product_name", "accent_color", "support_email", "privacy_url"]
        labels = {
            "partner_name": "Partner name",
            "product_name": "Product name",
            "accent_color": "Accent color",
        }
        widgets = {"accent_color": forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"})}

    #: What each field is for. `__init__` adds what holds while it is empty.
    HELP = {
        "partner_name": "Your company, as customers know it. It is also the sender's name of emails.",
        "product_name": "What the header calls the portal.",
        "accent_color": "For links and buttons, as #rrggbb. Shades that can be read in both themes are derived from it.",
        "support_email": "Replies to emails go there.",
        "privacy_url": "Starts with https://.",
    }
    field_order = [
        "partner_name",
        "product_name",
        "logo_file",
        "remove_logo",
        "accent_color",
        "support_email",
        "privacy_url",
    ]

    def __init__(self, *args: Any, sent: int = 0, **kwargs: Any) -> None:
        """``sent`` is the size of the request in bytes: of one that is far too large, no file arrives."""
        super().__init__(*args, **kwargs)
        self.new_logo: NewLogo | None = None
        self._sent = sent
        fallback = brand.combine(None)
        for name, text in self.HELP.items():
            field = self.fields[name]
            value, source = getattr(fallback, name), fallback.sources[name]
            if value:
                where = "from the server's settings" if source == brand.Source.SERVER else "the default"
                text = f"{text} Empty: {value}, {where}."
                field.widget.attrs["placeholder"] = value
            field.help_text = text
        if not self.instance.logo_digest:
            del self.fields["remove_logo"]

    def clean_logo_file(self) -> None:
        uploaded = self.cleaned_data["logo_file"]
        if uploaded is None:
            if self._sent > logos.MAX_BYTES:
                raise ValidationError(logos.TOO_LARGE)
            return
        if uploaded.size > logos.MAX_BYTES:
            raise ValidationError(logos.TOO_LARGE)
        try:
            self.new_logo = logos.read(uploaded.read())
        except Refused as refused:
            raise ValidationError(str(refused)) from None

    def clean_accent_color(self) -> str:
        return str(self.cleaned_data["accent_color"]).lower()
