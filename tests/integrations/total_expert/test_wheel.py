"""The client as a standalone package: built as a wheel and imported with only its dependencies."""

import ast
import importlib.metadata
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import integrations.total_expert as total_expert

SOURCE = Path(total_expert.__file__).parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built with the installed tools and without the network."""
    place = tmp_path_factory.mktemp("wheel")
    shutil.copytree(SOURCE, place / "source", ignore=shutil.ignore_patterns("__pycache__"))
    build = ["-m", "pip", "wheel", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    done = subprocess.run(
        [sys.executable, *build, "--wheel-dir", str(place), str(place / "source")],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return next(place.glob("*.whl"))


def needed(name: str, found: dict[str, importlib.metadata.Distribution]) -> None:
    """Add a distribution and its dependencies, without extras."""
    if name not in found:
        found[name] = importlib.metadata.distribution(name)
        for line in found[name].requires or []:
            if "extra ==" not in line:
                needed(re.split(r"[^\w.-]", line, maxsplit=1)[0].lower(), found)


def metadata_of(wheel: zipfile.ZipFile) -> str:
    """Return the metadata of the wheel, which includes the README."""
    return wheel.read(next(name for name in wheel.namelist() if name.endswith("/METADATA"))).decode()


def test_the_wheel_contains_all_modules_and_documents(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    sources = {
        f"total_expert/{file.relative_to(SOURCE).as_posix()}"
        for pattern in ("*.py", "*.md", "py.typed")
        for file in SOURCE.rglob(pattern)
    }
    assert sources <= inside
    assert {name.split("/")[0] for name in inside} == {
        "total_expert",
        wheel.name.rsplit("-", 3)[0] + ".dist-info",
    }


def test_the_wheel_requires_every_distribution_that_it_imports(wheel: Path) -> None:
    inside = zipfile.ZipFile(wheel)
    imported: set[str] = set()
    for name in [name for name in inside.namelist() if name.endswith(".py")]:
        for node in ast.walk(ast.parse(inside.read(name))):
            if isinstance(node, ast.Import):
                imported |= {each.name.split(".")[0] for each in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                imported.add(str(node.module).split(".")[0])
    foreign = {name.replace("_", "-") for name in imported - sys.stdlib_module_names}
    assert foreign == set(re.findall(r"^Requires-Dist: ([\w-]+)", metadata_of(inside), re.MULTILINE))


def test_documents_in_the_wheel_import_the_installed_package_name(wheel: Path) -> None:
    inside = zipfile.ZipFile(wheel)
    documents = [inside.read(name).decode() for name in inside.namelist() if name.endswith(".md")]
    assert len(documents) >= 5
    for text in (*documents, metadata_of(inside)):
        blocks = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
        assert not any("integrations" in block for block in blocks)
    assert "\nfrom total_expert import Client" in metadata_of(inside)


def test_the_wheel_contains_the_license_of_the_project(wheel: Path) -> None:
    inside = zipfile.ZipFile(wheel)
    license = next(name for name in inside.namelist() if name.endswith("/LICENSE"))
    assert inside.read(license) == (SOURCE.parents[1] / "LICENSE").read_bytes()


def test_the_wheel_can_be_imported_with_only_its_dependencies(wheel: Path, tmp_path: Path) -> None:
    packages = tmp_path / "packages"
    packages.mkdir()
    zipfile.ZipFile(wheel).extractall(packages)
    found: dict[str, importlib.metadata.Distribution] = {}
    needed("requests-oauthlib", found)
    for distribution in found.values():
        for part in {file.parts[0] for file in distribution.files or [] if file.parts[0] != ".."}:
            if part != "__pycache__":
                (packages / part).symlink_to(str(distribution.locate_file(part)))
    check = (
        "import sys; sys.path = [p for p in sys.path if 'site-packages' not in p] + [sys.argv[1]]\n"
        "import total_expert\n"
        "with total_expert.Client(total_expert.PRODUCTION, token=lambda: 'x') as client:\n"
        "    print(client, client.contacts.list.__name__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", check, str(packages)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.stdout == "Client('production') list\n", done.stderr
    assert {"requests-oauthlib", "oauthlib", "requests", "urllib3"} <= set(found)
    assert "django" not in found
