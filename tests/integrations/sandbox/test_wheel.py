"""The sandbox as a program of its own: built as a wheel, run with only Werkzeug installed."""

import shutil
import subprocess
import sys
import urllib.request
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

import integrations.sandbox as sandbox

SOURCE = Path(sandbox.__file__).parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built with the installed tools, without a network connection."""
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


def test_the_wheel_has_every_module_and_template(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    sources = {
        f"total_expert_sandbox/{file.relative_to(SOURCE).as_posix()}"
        for pattern in ("*.py", "*.html", "*.css", "README.md")
        for file in SOURCE.rglob(pattern)
    }
    assert sources <= inside
    assert f"total_expert_sandbox-{sandbox.__version__}.dist-info/entry_points.txt" in inside


def test_it_runs_with_only_werkzeug_installed(wheel: Path, tmp_path: Path) -> None:
    packages = tmp_path / "packages"
    packages.mkdir()
    zipfile.ZipFile(wheel).extractall(packages)
    for name in ("werkzeug", "markupsafe"):
        place = metadata.distribution(name).locate_file(name)
        (packages / name).symlink_to(str(place))
    start = (
        "import sys; sys.path = [p for p in sys.path if 'site-packages' not in p] + [sys.argv.pop(1)]\n"
        "from total_expert_sandbox.__main__ import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    command = [sys.executable, "-I", "-S", "-c", start, str(packages)]
    command += ["--port", "0", "--organizations", "1", "--contacts", "5"]
    running = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert running.stdout is not None and running.stderr is not None
        first = running.stdout.readline()
        assert first.startswith("Sandbox at "), running.stderr.read()
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        base = first.split()[2]
        for path in ("", "v1/heartbeat", "_sandbox/credentials"):
            with opener.open(base + path, timeout=60) as response:
                assert response.status == 200
    finally:
        running.kill()
        running.communicate(timeout=60)
