"""The accounts resource: what an owner's contacts have at the bank beside loans."""

from ..engine.schema.hooks import Behaviour, Change
from ..engine.schema.resource import Column, Field, Filter, Kind, Ownership, Resource, Test
from .lending_lists import ACCOUNT_CLASS, account_list
from .rules import custom_values, participant_transfers
from .rules.contact_references import participant

_TEXTS = "address address_2 application_number city source state zip_code"
HOLDER = "primary_account_holder"


class AccountBehaviour(Behaviour):
    """An account's custom values are checked, and its holder follows to a new owner."""

    def complete(self, change: Change) -> None:
        """Check the custom values."""
        custom_values.check(change, "account")

    def follow_owner(self, change: Change, previous: int) -> None:
        """Replace the previous owner's contact by the new owner's same one."""
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
        Field("account_rate", Kind.NUMBER),
        Field("external_id", column=Column.PLAIN, indexed=True),
        Field("last_modified_date", Kind.MOMENT),
        Field("open_date", Kind.MOMENT),
    ),
    items=(custom_values.CUSTOM,),
    relationships=(
        participant(HOLDER),
        ACCOUNT_CLASS,
        account_list("account_status"),
        account_list("account_type"),
    ),
    filters=(
        Filter("internal_updated_at_start", Test.FROM, "updated"),
        Filter("internal_updated_at_end", Test.UNTIL, "updated"),
        Filter("internal_created_at_start", Test.FROM, "created"),
        Filter("internal_created_at_end", Test.UNTIL, "created"),
        Filter("owner_id", Test.OWNER, by="id"),
        Filter("owner_email", Test.OWNER, by="email"),
        Filter("owner_username", Test.OWNER, by="username"),
        Filter("owner_external_id", Test.OWNER, by="external_id"),
        Filter("account_number", Test.EQUALS, "account_number"),
        Filter("account_class_name", Test.TARGET, "account_class", by="class_name"),
        Filter("account_status", Test.TARGET, "account_status", by="account_status"),
        Filter("account_type", Test.TARGET, "account_type", by="account_type"),
        Filter("account_name_contains", Test.CONTAINS, "account_name"),
        Filter("role_system_name", Test.ROLE, HOLDER),
        Filter("borrower_id", Test.TARGET, HOLDER, by="id"),
        Filter("agent_id", Test.TARGET),
        Filter("other_id", Test.TARGET),
    ),
    guesses=(
        "Accounts and their lists need the scope loanInteraction; none is published for them.",
        "Nothing but the owner is required, and only that of an admin; two accounts may share everything.",
        "The primary account holder counts as borrower; `agent_id` and `other_id` find nothing.",
        "The times of creation and change cannot be set, although they are listed as assignable.",
    ),
    behaviour=AccountBehaviour,
)
