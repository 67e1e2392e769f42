"""The command line: results on stdout, remarks on stderr, exit 0 done, 1 found what was asked to fail on, 2 could not."""

from __future__ import annotations

import csv
import io
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from budgetwatch.access import people
from budgetwatch.access.viewer import SYSTEM
from budgetwatch.home import Home
from tests.api.test_api_answers import PROFILE

Call = Callable[..., Any]
SENT = "凭证号,日期,单位,金额,年度\nU1,2026-02-01,990102-A01,10.50,2026\nU2,2026-02-30,990102-A01,1.00,2026\n"


@pytest.fixture
def sent(city: Home, tmp_path: Path) -> Path:
    """A file of a district, and the profile that reads it."""
    (city.path / "profiles" / "towns.yml").write_text(PROFILE, encoding="utf-8")
    path = tmp_path / "二月.csv"
    path.write_text(SENT, encoding="utf-8")
    return path


def test_every_listing_speaks_table_json_and_csv(budgetwatch: Call, flagged: Callable[..., int], city: Home) -> None:
    flagged(city)
    for words in (
        ("flags",), ("cases", "list"), ("rules", "list"), ("feeds", "list"), ("batches", "list"), ("batches", "freshness"), ("user", "list"),
    ):  # fmt: skip
        table = budgetwatch(*words)
        assert (table.code, bool(table.out), "in all" in table.err) == (0, True, True) or words == ("user", "list"), (
            words
        )
        told = budgetwatch(*words, "--json")
        assert told.code == 0, words
        assert set(told.json) == {"total", "totals", "rows"}, words
        listed = list(csv.DictReader(io.StringIO(budgetwatch(*words, "--csv").out)))
        assert len(listed) == len(told.json["rows"]) == told.json["total"], words


def test_money_in_json_is_an_exact_string(budgetwatch: Call, flagged: Callable[..., int], city: Home) -> None:
    flagged(city)
    told = budgetwatch("flags", "--json").json
    assert told["rows"][0]["amount"] == "20000.05"
    assert told["totals"] == {"CNY": "20000.05"}


def test_a_file_is_judged_then_taken_in_once(budgetwatch: Call, sent: Path) -> None:
    judged = budgetwatch("feeds", "check", str(sent), "--profile", "towns")
    assert (judged.code, "2 rows = 1 accepted + 1 rejected" in judged.out) == (0, True)
    assert budgetwatch("feeds", "check", str(sent), "--profile", "towns", "--strict").code == 1
    first = budgetwatch("take-in", str(sent), "--profile", "towns", "--json")
    assert (first.code, first.json["rows_rejected"], first.json["amount_sum"]) == (0, 1, "10.50")
    again = budgetwatch("take-in", str(sent), "--profile", "towns")
    assert (again.code, again.out) == (0, "")
    assert "nothing changed" in again.err
    rejected = budgetwatch("batches", "rejects", str(first.json["batch"]), "--json").json
    assert rejected["rows"][0]["raw"]
    assert (rejected["rows"][0]["line"], rejected["rows"][0]["reason"]) == (3, "not_date")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("take-in", "absent.csv", "--profile", "towns"), "no such file"),
        (("take-in", "二月.csv", "--profile", "town"), "no profile named 'town'"),
        (("cases", "show", "99"), "There is no case"),
        (("cases", "act", "99", "take", "--as", "nobody"), "no account with the login"),
        (("rules", "show", "PY-99"), "no rule PY-99"),
        (("run", "--rule", "XX-99"), "no rule XX-99"),
        (("run", "--as-of", "soon"), "is not a date"),
        (("recompute",), "No flag was named"),
        (("recompute", "99"), "99"),
        (("flags", "--severity", "pink"), "Possible: red"),
        (("user", "add", "x", "--role", "king", "--name", "X", "--password", "long-enough-1"), "no role"),
        (("user", "add", "x", "--role", "deputy", "--name", "X", "--expires", "soon", "--password", "long-enough-1"), "is not a date"),
        (("fly",), "No such command"),
    ],
)  # fmt: skip
def test_what_could_not_be_done_is_one_sentence_and_exit_2(
    budgetwatch: Call, sent: Path, words: tuple[str, ...], said: str
) -> None:
    told = budgetwatch(*words)
    assert (told.code, told.out) == (2, ""), told
    assert said in told.err
    assert "Traceback" not in told.err


def test_a_case_is_worked_in_a_persons_name(budgetwatch: Call, city: Home, flagged: Callable[..., int]) -> None:
    case_id = str(flagged(city))
    people.add_user(
        city, SYSTEM, login="rev", name="经办", role="reviewer", password="a-long-enough-word", region="9901"
    )
    assert budgetwatch("cases", "act", case_id, "take", "--as", "rev", "--json").json["state"] == "taken"
    refused = budgetwatch("cases", "act", case_id, "close", "--as", "rev")
    assert refused.code == 2
    assert "Possible now" in refused.err
    shown = budgetwatch("cases", "show", case_id)
    assert f"#{case_id} [orange] PY-07" in shown.out
    assert "经办" in shown.out
    assert budgetwatch("cases", "show", case_id, "--json").json["state"] == "taken"


def test_accounts_are_made_listed_given_a_key_and_switched_off(budgetwatch: Call, city: Home) -> None:
    made = (
        "user",
        "add",
        "dep",
        "--role",
        "deputy",
        "--name",
        "代表",
        "--region",
        "990102",
        "--password",
        "a-long-enough-word",
    )
    assert budgetwatch(*made).code == 0
    assert budgetwatch(*made).code == 2
    token = budgetwatch("user", "token", "dep").out.strip()
    assert people.viewer_by_token(city, token).login == "dep"
    assert "password" not in budgetwatch("user", "list", "--json").out
    assert budgetwatch("user", "deactivate", "dep").code == 0
    assert budgetwatch("user", "list", "--json").json["rows"][0]["active"] is False


def test_the_rules_in_force_hold_and_a_bad_one_is_named(budgetwatch: Call, tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "x.yml").write_text("rules:\n  - id: PY-01\n    nmae: {zh: 甲, en: A}\n", encoding="utf-8")
    bad = budgetwatch("rules", "check", str(folder))
    assert bad.code == 1
    assert "x.yml:" in bad.out
    assert budgetwatch("rules", "check", str(folder), "--json").json[0]["where"].startswith("x.yml")


def test_a_run_says_what_it_looked_at_and_a_flag_recomputes_the_same(budgetwatch: Call, city: Home) -> None:
    from tests.builders import facts
    from tests.queries.city import payment

    facts(
        city,
        "payment",
        [payment(f"C{n}", f"2025-03-{n + 3:02d}", "990102-A01", "60000.00", settlement="cash") for n in range(3)],
    )
    done = budgetwatch("run", "--json")
    assert done.code == 0, done.err
    assert len(done.json["rules"]) == len(city.rules.active)
    table = budgetwatch("run")
    assert "0 new flags" in table.err
    found = budgetwatch("flags", "--json").json["rows"]
    if found:
        same = budgetwatch("recompute", str(found[0]["flag_id"]), "--json")
        assert (same.code, same.json["rows"][0]["identical"]) == (0, True)


def test_a_home_with_demo_accounts_is_only_served_on_this_machine(budgetwatch: Call, city: Home) -> None:
    people.add_user(
        city, SYSTEM, login="demo1", name="演示", role="deputy", password="demo-2026x", region="9901", demo=True
    )
    told = budgetwatch("serve", "--host", "0.0.0.0", "--port", str(free_port()))  # noqa: S104
    assert told.code == 2
    assert "only served on this machine" in told.err


def test_a_fixed_today_is_never_served_to_others(
    budgetwatch: Call, city: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BUDGETWATCH_TODAY", "2026-01-15")
    told = budgetwatch("serve", "--host", "0.0.0.0", "--port", str(free_port()))  # noqa: S104
    assert told.code == 2
    assert "demonstrations and tests only" in told.err


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_real_process_serves_and_speaks_to_pipes(city: Home, tmp_path: Path) -> None:
    port = free_port()
    environment = {**os.environ, "BUDGETWATCH_HOME": str(city.path), "BUDGETWATCH_LANGUAGE": "en"}
    root = Path(__file__).parents[2]
    listed = subprocess.run(
        [sys.executable, "-m", "budgetwatch", "batches", "freshness", "--json"],
        env=environment, cwd=root, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert listed.returncode == 0, listed.stderr
    assert json.loads(listed.stdout)["rows"][0]["facts"] == 6
    server = subprocess.Popen(
        [sys.executable, "-m", "budgetwatch", "serve", "--port", str(port)],
        env=environment, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        for _ in range(300):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health", timeout=2) as answer:
                    assert json.load(answer)["status"] == "ok"
                    break
            except OSError:
                assert server.poll() is None, server.communicate()
                time.sleep(0.2)
        else:
            pytest.fail("it never answered")
    finally:
        server.terminate()
        _, said = server.communicate(timeout=30)
    assert f"http://127.0.0.1:{port}" in said
    assert "Traceback" not in said
