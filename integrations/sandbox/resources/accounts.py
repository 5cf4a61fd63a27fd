"""The accounts resource: bank accounts of contacts."""

from ..engine.schema.fields import Column, Field, FieldType
from ..engine.schema.hooks import Change, ResourceHooks
from ..engine.schema.resource import Filter, Lookup, Ownership, Resource
from .lending_lists import ACCOUNT_CLASS, account_list
from .rules import custom_values, participant_transfers
from .rules.contact_references import participant

_TEXTS = "address address_2 application_number city source state zip_code"
HOLDER = "primary_account_holder"


class AccountHooks(ResourceHooks):
    """Checks custom values, and moves the holder to a new owner."""

    def clean(self, change: Change) -> None:
        """Check the custom values."""
        custom_values.check(change, "account")

    def owner_changed(self, change: Change, previous: int) -> None:
        """Replace the holder with the new owner's contact for the same person."""
        participant_transfers.move_participants(change, (HOLDER,))


ACCOUNTS = Resource(
    path="accounts",
    scope="loanInteraction",
    first_id=30_001,
    methods=frozenset({"list", "get", "create", "update"}),
    ownership=Ownership.HIDDEN_FROM_USER,
    fields=(
        *(Field(name) for name in _TEXTS.split()),
        Field("account_name", column=Column.PLAIN),
        Field("account_number", column=Column.PLAIN, indexed=True),
        Field("account_rate", FieldType.NUMBER),
        Field("external_id", column=Column.PLAIN, indexed=True),
        Field("last_modified_date", FieldType.DATETIME),
        Field("open_date", FieldType.DATETIME),
    ),
    items=(custom_values.CUSTOM,),
    relationships=(
        participant(HOLDER),
        ACCOUNT_CLASS,
        account_list("account_status"),
        account_list("account_type"),
    ),
    filters=(
        Filter("internal_updated_at_start", Lookup.GTE, "updated"),
        Filter("internal_updated_at_end", Lookup.LTE, "updated"),
        Filter("internal_created_at_start", Lookup.GTE, "created"),
        Filter("internal_created_at_end", Lookup.LTE, "created"),
        Filter("owner_id", Lookup.OWNER, by="id"),
        Filter("owner_email", Lookup.OWNER, by="email"),
        Filter("owner_username", Lookup.OWNER, by="username"),
        Filter("owner_external_id", Lookup.OWNER, by="external_id"),
        Filter("account_number", Lookup.EXACT, "account_number"),
        Filter("account_class_name", Lookup.TO_ONE, "account_class", by="class_name"),
        Filter("account_status", Lookup.TO_ONE, "account_status", by="account_status"),
        Filter("account_type", Lookup.TO_ONE, "account_type", by="account_type"),
        Filter("account_name_contains", Lookup.CONTAINS, "account_name"),
        Filter("role_system_name", Lookup.ROLE, HOLDER),
        Filter("borrower_id", Lookup.TO_ONE, HOLDER, by="id"),
        Filter("agent_id", Lookup.TO_ONE),
        Filter("other_id", Lookup.TO_ONE),
    ),
    assumptions=(
        "Accounts and their lists need the scope loanInteraction. The vendor documents none for them.",
        "Only the owner is required, and only from an admin. Two accounts may be identical.",
        "The primary account holder counts as borrower. `agent_id` and `other_id` match nothing.",
        "The times of creation and change can't be set, although they are documented as assignable.",
    ),
    hooks=AccountHooks,
)
