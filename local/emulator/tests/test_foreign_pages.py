"""What a page in a browser of this machine may ask of the local cloud."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest
from conftest import Emulator

ELSEWHERE = "https://attacker.example"
LIST_SECRETS = {
    "Content_Type": "application/x-amz-json-1.1",
    "X_Amz_Target": "secretsmanager.ListSecrets",
}


def status(emulator: Emulator, path: str, method: str = "POST", **headers: str) -> int:
    request = urllib.request.Request(
        f"http://127.0.0.1:{emulator.port}{path}",
        data=json.dumps({}).encode() if method == "POST" else None,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        method=method,
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.parametrize(
    "sender",
    [
        {"Origin": ELSEWHERE},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Host": "attacker.example:4001"},
    ],
    ids=["another origin", "a sandboxed page", "no origin told", "a name that points here"],
)
def test_a_page_from_elsewhere_reads_no_secrets(emulator, sender):
    assert status(emulator, "/", **sender, **LIST_SECRETS) == 403


@pytest.mark.parametrize(
    "sender",
    [{}, {"Origin": "http://localhost:3000"}, {"Sec_Fetch_Site": "same-site"}],
    ids=["a program", "another port", "a page of the front door"],
)
def test_programs_and_pages_of_this_machine_do(emulator, sender):
    assert status(emulator, "/", **sender, **LIST_SECRETS) == 200


def test_an_api_answers_pages_from_elsewhere_as_it_does_on_aws(emulator):
    assert status(emulator, "/_aws/execute-api/none/live/v1/jobs", Origin=ELSEWHERE) != 403


def test_a_bucket_decides_by_its_own_rules(emulator):
    emulator.client("s3").create_bucket(Bucket="with-rules")
    assert status(emulator, "/with-rules/photo.jpg", "GET", Origin=ELSEWHERE) == 404
