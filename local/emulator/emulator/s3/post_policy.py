"""A browser's form upload is signed, or it is refused.

Upstream checks the conditions and the expiry of a signed form, but its signature only when it
checks IAM everywhere (`AUTH`), and stores the file of a form without any. S3 verifies the
signature and refuses anonymous forms on a private bucket (S3 API reference, "POST Object"; User
Guide, "Authenticating requests: browser-based uploads using POST (Signature Version 4)").
"""

from __future__ import annotations

from typing import Any

from ministack.core.iam_evaluator import CredentialResolutionError, resolve_credential
from ministack.core.responses import get_account_id
from ministack.core.sigv4 import calculate_signature, signatures_match
from ministack.services import s3 as upstream

Fields = dict[str, str]
MISMATCH = (
    "The request signature we calculated does not match the signature you provided."
    " Check your key and signing method."
)

_enforce_signed_post_policy = upstream._enforce_signed_post_policy


def enforce_signed(fields: Fields, bucket: str, region: str, size: int, sigv4: bool) -> Any:
    """Replaces `_enforce_signed_post_policy`: the signature first, then the conditions."""
    if not sigv4:
        return _refused("AccessDenied", "Sign the form with AWS4-HMAC-SHA256.")
    scope = fields.get("x-amz-credential", "").split("/")
    if len(scope) == 5 and fields.get("policy"):
        access_key, date, signed_region, service, _ = scope
        token = fields.get("x-amz-security-token", "")
        credential = resolve_credential(access_key, get_account_id(), token)
        if isinstance(credential, CredentialResolutionError):
            return _refused("InvalidAccessKeyId", "The AWS Access Key Id you provided is unknown.")
        expected = calculate_signature(
            credential.secret_access_key, date, signed_region, service, fields["policy"]
        )
        if not signatures_match(expected, fields.get("x-amz-signature", "")):
            return _refused("SignatureDoesNotMatch", MISMATCH)
    return _enforce_signed_post_policy(fields, bucket, region, size, sigv4)


def refuse_unsigned(policy: str, size: int) -> Any:
    """Replaces `_enforce_post_policy_size`, which is asked about forms without a signature."""
    return _refused("AccessDenied", "Access Denied")


def _refused(code: str, message: str) -> Any:
    return upstream._error(code, message, 403)


def install() -> None:
    upstream._enforce_signed_post_policy = enforce_signed
    upstream._enforce_post_policy_size = refuse_unsigned
