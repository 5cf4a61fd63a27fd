"""Lists that loans and accounts refer to: classifications, types, statuses, purposes and programs."""

from ..engine.schema.fields import Column, Field
from ..engine.schema.hooks import Change, ResourceHooks
from ..engine.schema.resource import Identity, Relationship, Resource

ACCOUNT_CLASSIFICATIONS = Resource(
    path="account-classifications",
    scope="loanInteraction",
    first_id=51,
    methods=frozenset({"list"}),
    shows_times=False,
    fields=(
        Field("class_name", column=Column.PLAIN),
        Field("class_type", column=Column.PLAIN, choices=("LOAN", "ACCOUNT")),
    ),
    assumptions=("Attributes of a classification: id, class_name, class_type. No example is published.",),
)
ACCOUNT_CLASS = Relationship(
    "account_class",
    ACCOUNT_CLASSIFICATIONS.path,
    shown_fields=("class_name", "class_type"),
    key_fields=("class_name", "class_type"),
    always_shown=True,
)


def _account_list(path: str, name: str, first_id: int) -> Resource:
    return Resource(
        path=path,
        scope="loanInteraction",
        first_id=first_id,
        methods=frozenset({"list", "get", "create", "update"}),
        shows_times=False,
        fields=(Field(name, column=Column.PLAIN, indexed=True),),
        relationships=(ACCOUNT_CLASS,),
        required=(name,),
    )


def account_list(name: str) -> Relationship:
    """Return an account's relationship to one of these lists, by id or name."""
    path = "account-statuses" if name == "account_status" else "account-types"
    return Relationship(name, path, shown_fields=("id", name), key_fields=("id", name), always_shown=True)


ACCOUNT_TYPES = _account_list("account-types", "account_type", 1101)
ACCOUNT_STATUSES = _account_list("account-statuses", "account_status", 1201)


MORTGAGE = ("mortgage", "LOAN")


class DefaultToMortgage(ResourceHooks):
    """Classifies records without a class as mortgages."""

    def clean(self, change: Change) -> None:
        """Set the default class."""
        if change.record.one.get("account_class") is None:
            row = change.connection.execute(
                "SELECT id FROM account_classifications WHERE organization = ? AND a_class_name = ?"
                " AND a_class_type = ?",
                (change.organization.id, *MORTGAGE),
            ).fetchone()
            change.record.one["account_class"] = row and row[0]


def _loan_list(path: str, name: str, first_id: int) -> Resource:
    return Resource(
        path=path,
        scope="loanInteraction",
        first_id=first_id,
        methods=frozenset({"list", "get", "create"}),
        shows_times=False,
        fields=(Field(name, column=Column.PLAIN, indexed=True),),
        relationships=(ACCOUNT_CLASS,),
        required=(name,),
        identities=(Identity((name,)),),
        hooks=DefaultToMortgage,
    )


def loan_list(name: str) -> Relationship:
    """Return a loan's relationship to one of these lists, by id or name."""
    path = "loan-statuses" if name == "loan_status" else f"{name.replace('_', '-')}s"
    return Relationship(name, path, shown_fields=("id", name), key_fields=("id", name), always_shown=True)


LOAN_TYPES = _loan_list("loan-types", "loan_type", 601)
LOAN_STATUSES = _loan_list("loan-statuses", "loan_status", 701)
LOAN_PURPOSES = _loan_list("loan-purposes", "loan_purpose", 801)
LOAN_PROGRAMS = _loan_list("loan-programs", "loan_program", 901)
LOAN_LISTS = (LOAN_TYPES, LOAN_STATUSES, LOAN_PURPOSES, LOAN_PROGRAMS)
