"""What can go wrong that is not the user's doing, and the exit code that Batch acts on."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

TRANSIENT_CODES = {
    "InternalError",
    "OperationAborted",
    "RequestTimeout",
    "RequestTimeTooSkewed",
    "ServiceUnavailable",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}
TRANSIENT_STATUSES = {429, 500, 502, 503, 504}
TRANSIENT_ERRNOS = {errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE}


class Fault(Exception):
    """The job could not do its work."""

    exit_code = 1


class InfrastructureFault(Fault):
    """No retry would help: no spec, no bucket, no permission, a defect of ours."""

    exit_code = 1


class TransientFault(Fault):
    """Another attempt may well succeed (EX_TEMPFAIL of sysexits.h)."""

    exit_code = 75


class Stopped(Fault):
    """SIGTERM came before the stage was started (128 + 15)."""

    exit_code = 143


@contextmanager
def faults_named() -> Iterator[None]:
    """Turn errors of S3 and of the disk into one of the faults above.

    Everything that is neither is a defect of ours and passes through.
    """
    from boto3.exceptions import Boto3Error, RetriesExceededError
    from botocore import exceptions as botocore

    no_answer = (
        botocore.ConnectionClosedError,
        botocore.ConnectionError,
        botocore.HTTPClientError,
        botocore.IncompleteReadError,
        botocore.ResponseStreamingError,
        RetriesExceededError,
    )
    try:
        yield
    except botocore.ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        code = error.response.get("Error", {}).get("Code")
        if code in TRANSIENT_CODES or status in TRANSIENT_STATUSES:
            raise TransientFault(str(error)) from error
        raise InfrastructureFault(str(error)) from error
    except no_answer as error:
        raise TransientFault(str(error)) from error
    except (botocore.BotoCoreError, Boto3Error) as error:
        raise InfrastructureFault(str(error)) from error
    except OSError as error:
        if error.errno in TRANSIENT_ERRNOS:
            raise TransientFault(str(error)) from error
        raise
