"""The form that uploads a file of organizations. Its content is read from memory and never shown."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from integrations.connections.models import Environment
from integrations.onboarding.bulk import files
from integrations.onboarding.bulk.files import Record
from portal.core.errors import Refused


class BulkFileForm(forms.Form):
    """A CSV file, and the environment of rows without one.

    Once it is valid, ``records`` contains the rows and ``called`` the name of the file.
    """

    file = forms.FileField(
        label="CSV file",
        allow_empty_file=True,
        help_text="UTF-8, separated by commas, semicolons or tabs. At most 2,000 rows and 1 MB.",
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv,text/plain,text/tab-separated-values"}),
    )
    environment = forms.ModelChoiceField(
        Environment.objects.none(),
        label="Environment of rows without one",
        required=False,
        empty_label="None (every row must name one)",
        to_field_name="name",
    )
    instead_of = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, sent: int = 0, **kwargs: Any) -> None:
        """``sent`` is the size of the request in bytes. Django drops files that are far too large."""
        super().__init__(*args, **kwargs)
        self.records: list[Record] = []
        self.called = ""
        environments = list(Environment.objects.all())
        self._only = environments[0] if len(environments) == 1 else None
        field = self.fields["environment"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Environment.objects.all()
        if self._only:
            del self.fields["environment"]
        missing = "Choose a file."
        if sent > files.LARGEST:
            missing = "The file is larger than 1 MB. Split it and upload the parts one after another."
        self.fields["file"].error_messages |= {"required": missing, "max_length": missing}

    def clean_file(self) -> None:
        uploaded = self.cleaned_data["file"]
        try:
            if uploaded.size > files.LARGEST:
                raise Refused(
                    "The file is larger than 1 MB. Split it and upload the parts one after another."
                )
            self.records = files.read(uploaded.read())
            self.called = uploaded.name or ""
        except Refused as refused:
            raise ValidationError(str(refused)) from None

    @property
    def default(self) -> Environment | None:
        """Return the environment of rows without one."""
        return self._only or self.cleaned_data.get("environment")
