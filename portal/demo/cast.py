"""The demo's partner, its people, one for each role, and its four customers at different stages."""

from dataclasses import dataclass

PASSWORD = "see-how-it-works"


@dataclass(frozen=True)
class Persona:
    """A person whom visitors can sign in as."""

    email: str
    name: str
    role: str
    organization: str | None  #: the name of their organization; None for the operator


PARTNER = "Acme Software"
CEDAR, BLUEWATER, SUMMIT, HARBOR = (
    "Cedar Home Lending",
    "Bluewater Mortgage",
    "Summit Ridge Financial",
    "Harbor & Pine Lending",
)

OPERATOR = Persona("olivia@acme.example", "Olivia Park", "operator", None)
ADMIN = Persona("ben@bluewater.example", "Ben Carter", "admin", BLUEWATER)
EDITOR = Persona("edith@cedar.example", "Edith Moreau", "editor", CEDAR)
VIEWER = Persona("victor@cedar.example", "Victor Lang", "viewer", CEDAR)
#: Officers exist in the sandbox. They give access there and sign in here with an emailed code, without a password.
OFFICERS = 3
