"""The package: it works under another name, and its public names are documented."""

import inspect
import subprocess
import sys
from pathlib import Path

import integrations.total_expert as total_expert
from integrations.total_expert import Client
from tests.integrations.total_expert.resources.inspection import resources_of


def test_the_package_works_under_another_name(tmp_path: Path) -> None:
    """It is copied out of this project, whose other packages can't be imported."""
    source = Path(total_expert.__file__).parent
    target = tmp_path / "te"
    target.mkdir()
    for file in source.rglob("*.py"):
        copy = target / file.relative_to(source)
        copy.parent.mkdir(exist_ok=True)
        copy.write_text(file.read_text())
    check = (
        "import sys, te; te.Client(te.PRODUCTION, token=lambda: 'x');"
        "bad = [m for m in sys.modules if m.split('.')[0] in ('django', 'portal', 'integrations', 'werkzeug')];"
        "sys.exit(', '.join(bad) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", check], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_public_name_is_documented() -> None:
    for name in total_expert.__all__:
        assert (getattr(total_expert, name).__doc__ or "").strip(), name
    assert (Path(total_expert.__file__).parent / "py.typed").exists()


def test_every_method_and_property_is_documented() -> None:
    with Client(total_expert.PRODUCTION, token=lambda: "x") as client:
        owners = [
            *map(type, resources_of(client).values()),
            *map(total_expert.__dict__.get, total_expert.__all__),
        ]
    silent = {
        f"{owner.__name__}.{name}"
        for owner in owners
        if isinstance(owner, type)
        for name, member in inspect.getmembers(
            owner, lambda each: callable(each) or isinstance(each, property)
        )
        if not name.startswith("_") and not (inspect.getdoc(member) or "").strip()
    }
    assert not silent
