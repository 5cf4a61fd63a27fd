"""The resources loan-types, loan-statuses, loan-purposes and loan-programs: lists of names a loan refers to."""

from ..engine.schema.hooks import Behaviour, Change
from ..engine.schema.resource import Column, Field, Identity, Relationship, Resource
from .account_classifications import ACCOUNT_CLASS

MORTGAGE = ("mortgage", "LOAN")


class MortgageByDefault(Behaviour):
    """What is not classified is a mortgage's."""

    def complete(self, change: Change) -> None:
        """Classify what was sent without a class."""
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
        behaviour=MortgageByDefault,
    )


def named(name: str) -> Relationship:
    """A loan's reference to one of these lists, by id or name."""
    path = "loan-statuses" if name == "loan_status" else f"{name.replace('_', '-')}s"
    return Relationship(name, path, shows=("id", name), settable=("id", name), always_shown=True)


LOAN_TYPES = _loan_list("loan-types", "loan_type", 601)
LOAN_STATUSES = _loan_list("loan-statuses", "loan_status", 701)
LOAN_PURPOSES = _loan_list("loan-purposes", "loan_purpose", 801)
LOAN_PROGRAMS = _loan_list("loan-programs", "loan_program", 901)
LOAN_LISTS = (LOAN_TYPES, LOAN_STATUSES, LOAN_PURPOSES, LOAN_PROGRAMS)
