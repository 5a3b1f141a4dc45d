"""What a browser may do with a bucket."""

from __future__ import annotations

import base64
import datetime
import hashlib
import hmac
import json
import urllib.error
import urllib.request
from typing import Any

import pytest
from conftest import REGION, Emulator, eventually


@pytest.fixture(scope="module")
def bucket(emulator: Emulator) -> str:
    emulator.client("s3").create_bucket(Bucket="uploads")
    return "uploads"


def signed_form(
    bucket: str, conditions: list[Any], fields: dict[str, str], minutes: float = 10
) -> dict[str, str]:
    """The fields of a form, signed as in the S3 User Guide, "Creating a POST policy"."""
    now = datetime.datetime.now(datetime.timezone.utc)
    date, moment = now.strftime("%Y%m%d"), now.strftime("%Y%m%dT%H%M%SZ")
    signing = {
        "x-amz-algorithm": "AWS4-HMAC-SHA256",
        "x-amz-credential": f"test/{date}/{REGION}/s3/aws4_request",
        "x-amz-date": moment,
    }
    policy = {
        "expiration": (now + datetime.timedelta(minutes=minutes)).isoformat(),
        "conditions": [{"bucket": bucket}, *conditions, *({k: v} for k, v in signing.items())],
    }
    encoded = base64.b64encode(json.dumps(policy).encode()).decode()
    key = b"AWS4test"
    for part in (date, REGION, "s3", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, encoded.encode(), hashlib.sha256).hexdigest()
    return {**fields, **signing, "policy": encoded, "x-amz-signature": signature}


def post(emulator: Emulator, bucket: str, fields: dict[str, str], content: bytes = b"abc") -> str:
    """Send a form; `204`, or the code of the error."""
    boundary = "formboundary"
    body = b""
    for name, value in fields.items():
        body += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()
        body += value.encode() + b"\r\n"
    body += (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
    ).encode()
    body += content + f"\r\n--{boundary}--\r\n".encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{emulator.port}/{bucket}",
        data=body,
        headers={"Content-Type": f"multipart/form-data; boundary={boundary}"},
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return str(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.read().decode().partition("<Code>")[2].partition("</Code>")[0]


CONDITIONS = [["starts-with", "$key", "in/"], {"Content-Type": "image/jpeg"}]
FIELDS = {"key": "in/a.jpg", "Content-Type": "image/jpeg"}
SIZE = ["content-length-range", 1, 5]


def test_a_signed_form_within_its_policy_stores_the_file(emulator, bucket):
    form = signed_form(bucket, [*CONDITIONS, SIZE], FIELDS)
    assert post(emulator, bucket, form) == "204"
    stored = emulator.client("s3").get_object(Bucket=bucket, Key="in/a.jpg")
    assert (stored["Body"].read(), stored["ContentType"]) == (b"abc", "image/jpeg")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"x-amz-signature": "0" * 64}, "SignatureDoesNotMatch"),
        ({"x-amz-credential": "nobody/20260101/us-east-1/s3/aws4_request"}, "InvalidAccessKeyId"),
        ({"key": "out/a.jpg"}, "AccessDenied"),
        ({"Content-Type": "text/html"}, "AccessDenied"),
        ({"acl": "public-read"}, "AccessDenied"),
    ],
)
def test_a_form_that_was_tampered_with_is_refused(emulator, bucket, changed, code):
    form = {**signed_form(bucket, CONDITIONS, FIELDS), **changed}
    assert post(emulator, bucket, form) == code


def test_a_forged_policy_is_refused(emulator, bucket):
    form = signed_form(bucket, [["starts-with", "$key", ""], CONDITIONS[1]], FIELDS)
    wider = {**signed_form(bucket, CONDITIONS, FIELDS), "policy": form["policy"]}
    assert post(emulator, bucket, wider) == "SignatureDoesNotMatch"


def test_a_file_outside_of_the_range_of_sizes_is_refused(emulator, bucket):
    form = signed_form(bucket, [*CONDITIONS, SIZE], FIELDS)
    assert post(emulator, bucket, form, b"") == "EntityTooSmall"
    assert post(emulator, bucket, form, b"abcdef") == "EntityTooLarge"


def test_an_expired_form_is_refused(emulator, bucket):
    form = signed_form(bucket, CONDITIONS, FIELDS, minutes=-1)
    assert post(emulator, bucket, form) == "AccessDenied"


def test_a_form_without_a_signature_is_refused(emulator, bucket):
    assert post(emulator, bucket, FIELDS) == "AccessDenied"


def preflight(emulator: Emulator, bucket: str, origin: str) -> str | None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{emulator.port}/{bucket}/key",
        method="OPTIONS",
        headers={"Origin": origin, "Access-Control-Request-Method": "PUT"},
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.headers["Access-Control-Allow-Origin"]
    except urllib.error.HTTPError as refused:
        assert refused.code == 403
        return None


def test_a_bucket_answers_the_origins_of_its_rules_and_no_others(emulator):
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket="with-rules")
    s3.put_bucket_cors(
        Bucket="with-rules",
        CORSConfiguration={
            "CORSRules": [
                {
                    "AllowedOrigins": ["http://127.0.0.1:4000"],
                    "AllowedMethods": ["PUT", "GET"],
                    "ExposeHeaders": ["ETag"],
                }
            ]
        },
    )
    assert preflight(emulator, "with-rules", "http://127.0.0.1:4000") == "http://127.0.0.1:4000"
    assert preflight(emulator, "with-rules", "http://evil.example") is None
    s3.create_bucket(Bucket="without-rules")
    assert preflight(emulator, "without-rules", "http://127.0.0.1:4000") is None


def test_a_new_object_is_an_event_when_the_bucket_asks_for_it(emulator):
    s3, sqs, events = (emulator.client(name) for name in ("s3", "sqs", "events"))
    url = sqs.create_queue(QueueName="object-events")["QueueUrl"]
    s3.create_bucket(Bucket="watched")
    s3.put_bucket_notification_configuration(
        Bucket="watched", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    pattern = {"source": ["aws.s3"], "detail-type": ["Object Created"]}
    events.put_rule(Name="objects", EventPattern=json.dumps(pattern))
    arn = "arn:aws:sqs:us-east-1:000000000000:object-events"
    events.put_targets(Rule="objects", Targets=[{"Id": "queue", "Arn": arn}])
    s3.put_object(Bucket="watched", Key="new", Body=b"x")
    messages = eventually(
        lambda: sqs.receive_message(QueueUrl=url).get("Messages"), lambda found: bool(found)
    )
    assert json.loads(messages[0]["Body"])["detail"]["object"]["key"] == "new"
