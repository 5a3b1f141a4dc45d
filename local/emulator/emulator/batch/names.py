"""Names and ARNs of Batch, and finding a record by name or ARN."""

from __future__ import annotations

import re

from ..scope import Scope
from .problems import ClientException
from .store import Collection, Record

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")


def last_part(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]


def checked_name(name: object, what: str) -> str:
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ClientException(
            f"{what} must be 1 to 128 letters, digits, hyphens or underscores, not {name!r}."
        )
    return name


def arn_from(reference: object, resource: str, scope: Scope) -> str:
    """The ARN for a name or an ARN; `resource` is for instance `job-queue`."""
    if not isinstance(reference, str) or not reference:
        raise ClientException(f"A {resource} is required.")
    return (
        reference if reference.startswith("arn:") else scope.arn("batch", f"{resource}/{reference}")
    )


def find(collection: Collection, reference: object, resource: str, scope: Scope) -> Record:
    """The record for a name or an ARN; raises `ClientException` when there is none."""
    record = collection.get(arn_from(reference, resource, scope))
    if record is None:
        raise ClientException(f"Object does not exist: {reference}")
    return record
