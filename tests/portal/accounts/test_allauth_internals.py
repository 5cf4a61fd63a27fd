"""Only one module knows allauth's internals."""

import ast
from pathlib import Path

import pytest
from django.conf import settings

THE_ONE = "portal/accounts/allauth_internals.py"
ROOTS = ("portal", "integrations", "tests")
#: Session keys that allauth reads and writes itself.
SESSION_KEYS = ("account_verified_email", "account_authentication_methods", "mfa.totp.secret")


def sources(*roots: str) -> list[Path]:
    return [path for root in roots for path in sorted((settings.BASE_DIR / root).rglob("*.py"))]


def imported_modules(path: Path) -> set[str]:
    """Return the dotted names that a file imports, without executing it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{name.name}" for name in node.names}
    return found


def uses_internals(path: Path) -> bool:
    return any(name.startswith("allauth.") and ".internal" in name for name in imported_modules(path))


def test_only_one_module_imports_allauth_internals() -> None:
    found = [str(path.relative_to(settings.BASE_DIR)) for path in sources(*ROOTS) if uses_internals(path)]
    assert found == [THE_ONE]


@pytest.mark.parametrize("key", SESSION_KEYS)
def test_no_module_names_a_session_key_of_allauth(key: str) -> None:
    found = [str(path) for path in sources("portal", "integrations") if f'"{key}"' in path.read_text()]
    assert not found
