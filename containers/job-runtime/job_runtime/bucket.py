"""The job's part of the bucket."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from job_runtime.environment import S3Location
from job_runtime.faults import InfrastructureFault, faults_named

PARALLEL_TRANSFERS = 16

Item = TypeVar("Item")

# Fixed here because the tables of operating systems differ, and browsers act on these.
CONTENT_TYPES = {
    ".bin": "application/octet-stream",
    ".html": "text/html; charset=utf-8",
    ".jpg": "image/jpeg",
    ".json": "application/json",
    ".jsonl": "application/x-ndjson",
    ".ply": "application/vnd.ply",
    ".png": "image/png",
    ".spz": "application/octet-stream",
    ".txt": "text/plain; charset=utf-8",
    ".usdz": "model/vnd.usdz+zip",
    ".zip": "application/zip",
}


@dataclass(frozen=True)
class StoredObject:
    """An object; `path` is its key less the prefix it was listed under."""

    key: str
    path: str
    size_bytes: int


class Bucket:
    """Reads and writes under one prefix; every method raises Fault when S3 does not do its part."""

    def __init__(self, client: Any, location: S3Location) -> None:
        self._client = client
        self._bucket = location.bucket
        self._prefix = location.prefix

    @classmethod
    def connect(cls, location: S3Location) -> Bucket:
        """Connect with the credentials and the endpoint of the environment."""
        import boto3
        from botocore.config import Config

        config = Config(
            connect_timeout=10,
            read_timeout=60,
            retries={"mode": "standard", "total_max_attempts": 5},
            max_pool_connections=2 * PARALLEL_TRANSFERS,
        )
        with faults_named():
            return cls(boto3.client("s3", config=config), location)

    def elsewhere(self, location: S3Location) -> Bucket:
        """The same connection, another place."""
        return Bucket(self._client, location)

    def list(self, path: str = "") -> Iterator[StoredObject]:
        """All objects whose path begins with `path`, in the order of their keys."""
        pages = self._client.get_paginator("list_objects_v2")
        with faults_named():
            for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix + path):
                for item in page.get("Contents", []):
                    key = item["Key"]
                    yield StoredObject(key, key.removeprefix(self._prefix), item["Size"])

    def read_json(self, path: str) -> dict[str, Any] | None:
        """The JSON document at `path`, None where there is no object."""
        with faults_named():
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + path)
            except self._client.exceptions.NoSuchKey:
                return None
            content = answer["Body"].read()
        try:
            return json.loads(content)
        except ValueError as error:
            raise InfrastructureFault(f"{path} is not JSON: {error}") from error

    def write_json(self, path: str, document: dict[str, Any]) -> None:
        content = json.dumps(document, ensure_ascii=False, indent=2).encode()
        self.write(path, content)

    def write(self, path: str, content: bytes) -> None:
        with faults_named():
            self._client.put_object(
                Bucket=self._bucket,
                Key=self._prefix + path,
                Body=content,
                ContentType=content_type(path),
            )

    def read(self, path: str) -> bytes:
        with faults_named():
            answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + path)
            return answer["Body"].read()

    def download(self, files: list[tuple[str, Path]]) -> None:
        """Fetch `(key, file)` pairs side by side, making folders as needed."""

        def fetch(pair: tuple[str, Path]) -> None:
            key, file = pair
            file.parent.mkdir(parents=True, exist_ok=True)
            with faults_named():
                self._client.download_file(self._bucket, key, str(file))

        side_by_side(fetch, files)

    def upload(self, files: list[tuple[Path, str]]) -> None:
        """Store `(file, path)` pairs side by side."""

        def store(pair: tuple[Path, str]) -> None:
            file, path = pair
            with faults_named():
                self._client.upload_file(
                    str(file),
                    self._bucket,
                    self._prefix + path,
                    ExtraArgs={"ContentType": content_type(path)},
                )

        side_by_side(store, files)

    def delete(self, objects: list[StoredObject]) -> None:
        side_by_side(self._delete, objects)

    def _delete(self, item: StoredObject) -> None:
        with faults_named():
            self._client.delete_object(Bucket=self._bucket, Key=item.key)


def side_by_side(work: Callable[[Item], None], items: list[Item]) -> None:
    """Call `work` with each item in threads; the first error ends it and is raised."""
    pool = ThreadPoolExecutor(max_workers=PARALLEL_TRANSFERS)
    try:
        for future in [pool.submit(work, item) for item in items]:
            future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def content_type(path: str) -> str:
    return CONTENT_TYPES.get(Path(path).suffix.lower(), "application/octet-stream")
