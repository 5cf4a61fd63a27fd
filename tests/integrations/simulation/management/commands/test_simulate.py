"""`manage.py simulate`, as it is used: from a shell."""

import json
import os
import subprocess
import sys
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from integrations.simulation.comparison import RUNS
from tests.processes import ROOT

SMALL = ("--organizations", "60", "--egress", "2", "--days", "5")


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("simulate", *arguments, stdout=out)
    return out.getvalue()


def from_a_shell(hash_seed: str) -> str:
    variables = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONHASHSEED": hash_seed}
    command = [sys.executable, "manage.py", "simulate", *SMALL, "--seed", "7", "--json"]
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.parametrize("arguments", [("--help",), (*SMALL, "--json")])
@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"DEMO": "1", "DEBUG": "1", "PORTAL_URL": "https://portal.example"},
        {"SECRET_KEY_FILE": "/nowhere"},
    ],
)
def test_it_needs_no_settings(arguments: tuple[str, ...], variables: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "simulate", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **variables},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    if "--json" in arguments:
        assert json.loads(done.stdout)["organizations"] == 60
    else:
        assert "--organizations" in done.stdout


def test_the_same_seed_says_the_same_in_every_process_and_another_something_else() -> None:
    first = from_a_shell("1")
    assert first == from_a_shell("2")
    assert json.loads(first) == json.loads(run(*SMALL, "--seed", "7", "--json"))
    assert json.loads(first) != json.loads(run(*SMALL, "--seed", "8", "--json"))


def test_json_holds_both_policies_and_the_bound() -> None:
    found = json.loads(run(*SMALL, "--json"))
    for name in ("ours", "naive"):
        assert {"refresh_tokens_lost", "staleness_hours", "tokens_wasted"} <= found[name].keys()
        assert found[name]["staleness_hours"].keys() == {"p50", "p95", "max"}
    assert found["bound_hours"] == pytest.approx(found["connections_with_work"] / 4, abs=0.05)
    assert (found["organizations"], found["egress"], found["days"], found["seed"]) == (60, 2, 5, 1)


def test_the_table_says_the_same_figures_side_by_side_and_what_the_words_mean() -> None:
    found = json.loads(run(*SMALL, "--json"))
    told = run(*SMALL).splitlines()
    assert told[0] == "60 organizations on 2 outbound IP addresses for 5 days, seed 1."
    (lost,) = [line for line in told if line.startswith("refresh tokens expired")]
    assert lost.split()[3:] == [str(found[name]["refresh_tokens_lost"]) for name in RUNS]
    (stale,) = [line for line in told if line.startswith("data age, maximum")]
    assert stale.split()[3::2] == [f"{found[name]['staleness_hours']['max']:.1f}" for name in RUNS]
    assert any(line.startswith("bound ") for line in told)
    assert max(map(len, told)) <= 120


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("--organizations", "0"),
            "--organizations is the number of organizations. Enter a number from 1 to 20,000.",
        ),
        (
            ("--egress", "-1"),
            "--egress is the number of outbound IP addresses. Enter a number from 1 to 1,000.",
        ),
        (("--days", "1000"), "--days is the number of days. Enter a number from 1 to 366."),
    ],
)
def test_a_number_that_makes_no_sense_is_refused_with_what_does(
    arguments: tuple[str, str], sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence.replace(".", r"\.")):
        run(*arguments)


def test_a_word_where_a_number_belongs_is_refused() -> None:
    with pytest.raises(CommandError, match="invalid int value: 'many'"):
        run("--days", "many")


def test_one_organization_for_one_day_has_figures_too() -> None:
    found = json.loads(run("--organizations", "1", "--egress", "1", "--days", "1", "--json"))
    assert found["ours"]["people_waited_minutes"]["p95"] is None or found["ours"]["token_requests"] > 0
    assert "no one" in run("--organizations", "1", "--egress", "1", "--days", "1")
