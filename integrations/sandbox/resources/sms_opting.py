"""The resources sms/opt-in and sms/opt-out: which phone numbers may get text messages. Write-only."""

from ..engine.schema.fields import Column, Field
from ..engine.schema.hooks import Change, ResourceHooks
from ..engine.schema.registry import RESOURCES
from ..engine.schema.resource import Identity, Relationship, Resource
from ..engine.storage import records

OPT_IN, OPT_OUT = "sms/opt-in", "sms/opt-out"
_PHONE = Field("phone_number", column=Column.DIGITS, indexed=True)


class _ReplacesOtherChoice(ResourceHooks):
    """Keeps a number either opted in or opted out."""

    other: str

    def after_save(self, change: Change) -> None:
        """Remove the earlier, opposite choice for the same number."""
        resource = RESOURCES[self.other]
        number = change.record.attributes["phone_number"]
        rows = change.connection.execute(
            f"SELECT id FROM {resource.table} WHERE organization = ? AND a_phone_number = ?",
            (change.organization.id, "".join(filter(str.isdigit, number))),
        )
        for (id,) in rows.fetchall():
            found = records.load(change.connection, resource, change.organization.id, None, id)
            if found is not None:
                records.remove(change.connection, resource, found, ())


class OptInHooks(_ReplacesOtherChoice):
    """Ends an opt-out."""

    other = OPT_OUT


class OptOutHooks(_ReplacesOtherChoice):
    """Ends an opt-in."""

    other = OPT_IN


SMS_OPT_IN = Resource(
    path=OPT_IN,
    scope="leadInteraction",
    first_id=1501,
    methods=frozenset({"create"}),
    fields=(_PHONE, Field("status", choices=("OPTED_IN",))),
    relationships=(
        Relationship(
            "user",
            "users",
            shown_fields=("id",),
            key_fields=("username", "id", "external_id"),
        ),
    ),
    required=("phone_number", "user", "status"),
    identities=(Identity(("phone_number",)),),
    assumptions=(
        "The response to an opt-in or opt-out is the same as for every creation. A known number is a duplicate.",
        "The statuses REQUESTED and OPTED_OUT, which the vendor is phasing out, return 422.",
        "The last choice counts: opting in removes an opt-out of the same number, and vice versa.",
    ),
    hooks=OptInHooks,
)
SMS_OPT_OUT = Resource(
    path=OPT_OUT,
    scope="leadInteraction",
    first_id=1601,
    methods=frozenset({"create"}),
    fields=(_PHONE,),
    required=("phone_number",),
    identities=(Identity(("phone_number",)),),
    hooks=OptOutHooks,
)
