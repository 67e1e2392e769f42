"""Senders' programs: files in parts over a line that breaks, records as they stream, once whatever happens."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from budgetwatch.access.viewer import SYSTEM
from budgetwatch.home import Home
from tests.feeds.senders import HEADING, payment, profile

BODY = ("\n".join(",".join(r) for r in [HEADING, *(payment(f"V{n}") for n in range(50))]) + "\n").encode()
KEY = "payments-2025-03"


@pytest.fixture
def sender(asker: Any, city: Home) -> Any:
    profile(city)
    return asker("finance")


def facts(home: Home) -> int:
    with home.facts(SYSTEM) as connection:
        return int(
            connection.execute(
                "SELECT count(*) FROM payment WHERE voucher_no LIKE 'V%' AND agency_code = 'U1'"
            ).fetchall()[0][0]
        )


def send(sender: Any, part: bytes, at: int, key: str = KEY) -> Any:
    return sender.patch(f"/api/uploads/{key}", content=part, headers={"Upload-Offset": str(at)})


def test_a_file_in_parts_is_taken_in_once_it_is_whole(sender: Any, city: Home) -> None:
    assert send(sender, BODY[:700], 0).json()["bytes"] == 700
    assert send(sender, BODY[700:], 700).json()["bytes"] == len(BODY)
    done = sender.post(
        f"/api/uploads/{KEY}",
        params={"profile": "treasury", "name": "march.csv", "sha256": hashlib.sha256(BODY).hexdigest()},
    )
    assert done.status_code == 201, done.text
    assert (done.json()["rows_accepted"], done.json()["file_name"]) == (50, "march.csv")
    assert sender.get(f"/api/uploads/{KEY}").status_code == 404
    assert facts(city) == 50


def test_a_sender_that_lost_count_is_told_where_to_go_on(sender: Any) -> None:
    send(sender, BODY[:700], 0)
    refused = send(sender, BODY[500:], 500)
    assert refused.status_code == 409
    assert "700" in refused.json()["error"]["fix"]
    assert sender.get(f"/api/uploads/{KEY}").json()["bytes"] == 700


def test_a_damaged_upload_is_not_taken_in(sender: Any, city: Home) -> None:
    send(sender, BODY, 0)
    done = sender.post(f"/api/uploads/{KEY}", params={"profile": "treasury", "name": "m.csv", "sha256": "0" * 64})
    assert done.status_code == 409
    assert facts(city) == 0


def test_announcing_the_end_twice_takes_it_in_once(sender: Any, city: Home) -> None:
    for status in (201, 200):
        send(sender, BODY, 0)
        done = sender.post(f"/api/uploads/{KEY}", params={"profile": "treasury", "name": "m.csv"})
        assert done.status_code == status, done.text
    assert facts(city) == 50


def test_an_upload_can_be_forgotten_and_is_its_senders_own(sender: Any, asker: Any) -> None:
    send(sender, BODY[:10], 0)
    assert asker("admin").get(f"/api/uploads/{KEY}").status_code == 404
    assert sender.delete(f"/api/uploads/{KEY}").status_code == 204
    assert sender.get(f"/api/uploads/{KEY}").status_code == 404


@pytest.mark.parametrize("key", ["short", "..%2F..%2Fetc", "a" * 81, "with space 1"])
def test_a_key_that_is_no_name_is_refused(sender: Any, key: str) -> None:
    assert send(sender, b"x", 0, key).status_code in (400, 404, 422)


def test_records_are_taken_in_as_they_stream(sender: Any, city: Home) -> None:
    profile(city, name="stream", format="json")
    body = "".join(json.dumps(dict(zip(HEADING, payment(f"V{n}"), strict=True))) + "\n" for n in range(20)).encode()
    pieces = (body[at : at + 97] for at in range(0, len(body), 97))
    done = sender.post("/api/records", params={"profile": "stream"}, content=pieces)
    assert done.status_code == 201, done.text
    assert facts(city) == 20
    assert sender.post("/api/records", params={"profile": "stream"}, content=body).json()["status"] == "already"


def test_those_who_send_no_files_are_refused(asker: Any) -> None:
    for login in ("deputy", "auditor"):
        assert asker(login).get(f"/api/uploads/{KEY}").status_code == 403


def test_a_delivery_sent_again_is_one_and_its_key_takes_no_other_file(sender: Any, city: Home) -> None:
    def post(body: bytes, key: str) -> Any:
        return sender.post(
            "/api/batches",
            files={"file": ("m.csv", body)},
            data={"profile": "treasury"},
            headers={"Idempotency-Key": key},
        )

    assert post(BODY, "delivery-1").status_code == 201
    assert post(BODY, "delivery-1").json()["status"] == "already"
    refused = post(BODY + ",".join(payment("V99")).encode() + b"\n", "delivery-1")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "conflict")
    assert post(BODY + ",".join(payment("V99")).encode() + b"\n", "delivery-2").status_code == 201
    assert post(BODY, "short").status_code in (400, 422)
    assert facts(city) == 51
