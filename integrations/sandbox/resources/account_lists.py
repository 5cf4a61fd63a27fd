"""The resources account-types and account-statuses: lists of names an account refers to."""

from ..engine.schema.resource import Column, Field, Relationship, Resource
from .account_classifications import ACCOUNT_CLASS


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


def named(name: str) -> Relationship:
    """An account's reference to one of these lists, by id or name."""
    path = "account-statuses" if name == "account_status" else "account-types"
    return Relationship(name, path, shows=("id", name), settable=("id", name), always_shown=True)


ACCOUNT_TYPES = _account_list("account-types", "account_type", 1101)
ACCOUNT_STATUSES = _account_list("account-statuses", "account_status", 1201)
