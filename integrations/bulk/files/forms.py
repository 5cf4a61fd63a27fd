"""The forms of an import: the file, and which column goes into which field."""

from typing import Any

from django import forms

from integrations.bulk.files import mapping, owners, uploads
from integrations.bulk.files.mapping import OWNER, Mapping
from integrations.bulk.forms import CHECKBOXES, group_names
from integrations.bulk.models import Upload
from integrations.bulk.writers import Writers
from portal.accounts.models import User
from portal.core import text
from portal.core.errors import Refused
from portal.organizations.roles import Capability

#: The largest file that arrives in one request, as it does without JavaScript, in bytes.
LARGEST_AT_ONCE = 2 * uploads.PIECE
#: The most owners to choose from. Beyond them, a column must name the owners.
MOST_OWNERS = 2000
_TYPES = ".csv,.txt,.tsv,.xlsx,text/csv,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class FileForm(forms.Form):
    """A file that arrives in one request. JavaScript sends larger ones in pieces."""

    file = forms.FileField(
        label="CSV or XLSX file",
        allow_empty_file=True,
        help_text="The first row has the names of the columns. At most 500,000 rows and 200 MB.",
        widget=forms.FileInput(attrs={"accept": _TYPES}),
    )

    def __init__(self, *args: Any, sent: int = 0, **kwargs: Any) -> None:
        """``sent`` is the size of the request in bytes. Django drops files that are too large for one request."""
        super().__init__(*args, **kwargs)
        missing = "Choose a file."
        if sent > uploads.LARGEST:
            missing = uploads.TOO_LARGE
        elif sent > LARGEST_AT_ONCE:
            missing = (
                "Without JavaScript, a file can have at most 2 MB. Turn on JavaScript, or split the file."
            )
        self.fields["file"].error_messages |= {"required": missing}


class MappingForm(forms.Form):
    """The target of each column, and what applies to all rows. ``mapping`` has the result once the form is valid."""

    owner = forms.ChoiceField(required=False, label="Owner of all contacts")
    source = forms.CharField(
        required=False,
        max_length=120,
        label="Source of contacts without one",
        help_text="Total Expert requires a source for every new contact, such as “Open house 2026”.",
    )
    groups = forms.MultipleChoiceField(required=False, label="Add to groups")
    suppress_emails = forms.BooleanField(
        required=False,
        label="Ask Total Expert not to send emails because of this import",
        help_text="Total Expert advises to ask its support first: campaigns may then skip these contacts.",
    )

    def __init__(self, data: Any = None, *, upload: Upload, user: User) -> None:
        installation = upload.installation
        self._heads = upload.heads
        remembered = mapping.recall(installation.organization, upload.heads)
        custom = mapping.custom_names(installation)
        suggested = mapping.suggest(upload.heads, custom=custom)
        if remembered is not None:
            suggested = [remembered.columns.get(head, "") for head in upload.heads]
        self.is_remembered = remembered is not None
        super().__init__(data, initial={"source": remembered.source if remembered else ""})
        self._needs_owner = Writers(installation, user).admin is not None
        self._choose_owner(owners.choices(installation, user), is_named=OWNER in suggested)
        names = group_names(installation, user)
        groups = self.fields["groups"]
        assert isinstance(groups, forms.MultipleChoiceField)
        groups.choices = names
        if len(names) <= CHECKBOXES:
            groups.widget = forms.CheckboxSelectMultiple(choices=names)
        else:
            groups.widget.attrs["size"] = 8
        if not names:
            del self.fields["groups"]
        if not installation.organization.allows(user, Capability.OPERATE):
            del self.fields["suppress_emails"]
        targets = mapping.targets(custom)
        choices = [(mapping.SKIPPED, "Don't import"), *targets]
        known = {target for _, group in targets for target, _ in group}
        for place, head in enumerate(upload.heads):
            field = forms.ChoiceField(required=False, choices=choices, label=f"Field of “{head}”")
            field.initial = suggested[place] if suggested[place] in known else mapping.SKIPPED
            field.widget.attrs["aria-label"] = field.label
            self.fields[f"column_{place}"] = field
        self._samples = upload.samples
        self.mapping = Mapping(())

    def _choose_owner(self, choices: list[tuple[str, str]], *, is_named: bool) -> None:
        field = self.fields["owner"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "Choose an owner"), *choices[:MOST_OWNERS]]
        if len(choices) == 1 and not is_named:
            field.initial = choices[0][0]
        field.help_text = "Rows that name an owner in a column keep theirs."

    @property
    def columns(self) -> list[tuple[str, list[str], forms.BoundField]]:
        """Return each column with its head, its sample cells, and its field, for the template."""
        return [
            (head, [row[place] for row in self._samples if place < len(row)], self[f"column_{place}"])
            for place, head in enumerate(self._heads)
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        chosen = Mapping(
            columns=tuple(cleaned[f"column_{place}"] for place in range(len(self._heads))),
            owner=int(cleaned["owner"]) if cleaned.get("owner") else None,
            source=text.clean(cleaned.get("source", "")),
            groups=tuple(cleaned.get("groups", ())),
        )
        try:
            chosen.require_sense(self._heads, needs_owner=self._needs_owner)
        except Refused as refused:
            raise forms.ValidationError(str(refused)) from None
        self.mapping = chosen
        return cleaned
