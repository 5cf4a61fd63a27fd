"""Who is in the demo: one person for each role, and four customers at different stages."""

from dataclasses import dataclass

PASSWORD = "see-how-it-works"


@dataclass(frozen=True)
class Persona:
    """Somebody whose shoes a visitor can step into."""

    email: str
    name: str
    role: str
    organization: str | None  #: name, None for the operator


CEDAR, BLUEWATER, SUMMIT, HARBOR = (
    "Cedar Home Lending",
    "Bluewater Mortgage",
    "Summit Ridge Financial",
    "Harbor & Pine Lending",
)

OPERATOR = Persona("olivia@partner.example", "Olivia Park", "operator", None)
ADMIN = Persona("ben@bluewater.example", "Ben Carter", "admin", BLUEWATER)
EDITOR = Persona("edith@cedar.example", "Edith Moreau", "editor", CEDAR)
VIEWER = Persona("victor@cedar.example", "Victor Lang", "viewer", CEDAR)
#: The officers are people of the sandbox: they consent there, and sign in here by a code, without a password.
OFFICERS = 3
