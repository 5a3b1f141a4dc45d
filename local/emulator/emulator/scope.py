"""Whose resource, and where: what MiniStack keeps apart."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scope:
    """An account and a region."""

    account_id: str
    region: str

    def arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.account_id}:{resource}"


def scope_of(arn: str) -> Scope:
    parts = arn.split(":")
    return Scope(account_id=parts[4], region=parts[3])
