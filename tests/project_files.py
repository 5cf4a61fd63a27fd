"""The files of the project, for tests that look at the project itself."""

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OURS = ("portal", "integrations", "tests", "templates", "deploy", "docs", ".ci")
DOCUMENTS = [
    "README.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "deploy/README.md",
    *(str(file.relative_to(ROOT)) for file in sorted((ROOT / "docs").glob("*.md"))),
]
AT_THE_TOP = [
    "manage.py",
    "pyproject.toml",
    "Makefile",
    "Containerfile",
    "compose.yaml",
    "mkdocs.yml",
    ".env.example",
    ".pre-commit-config.yaml",
    *DOCUMENTS[:5],
]
TEXT = {".py", ".html", ".js", ".css", ".md", ".txt", ".toml", ".service", ".svg", ""}


def our_files() -> Iterator[Path]:
    """Every text file of the project that people write."""
    for place in OURS:
        for file in sorted((ROOT / place).rglob("*")):
            if (
                file.is_file()
                and file.suffix in TEXT
                and "__pycache__" not in file.parts
                and "vendor" not in file.parts
            ):
                yield file
    yield from (ROOT / name for name in AT_THE_TOP)


def python_files(*places: str) -> list[Path]:
    return [file for place in places for file in sorted((ROOT / place).rglob("*.py"))]
