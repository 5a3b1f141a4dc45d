"""Parts of a multipart upload are kept until it is completed.

Upstream holds parts in memory: killed, it forgets every upload under way, and a large one costs
its size in memory. S3 keeps parts until the upload is completed or aborted (S3 User Guide,
"Uploading and copying objects using multipart upload"). Here a part is a file, and a record,
before its upload is answered.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ministack.services import s3 as upstream

from ..records import RecordStore

UPLOADS = "s3-upload"
PARTS = "s3-part/"

Answer = tuple[int, dict[str, str], Any]


class StoredPart(dict[str, Any]):
    """A part whose body is read from its file when asked for."""

    def __init__(self, description: dict[str, Any], file: Path) -> None:
        super().__init__(description)
        self.file = file

    def __getitem__(self, name: str) -> Any:
        return self.file.read_bytes() if name == "body" else super().__getitem__(name)


class MultipartUploads:
    """Stands behind the operations that start, feed and end an upload."""

    def __init__(self, records: RecordStore, directory: Path) -> None:
        self._records = records
        self._directory = directory

    def install(self) -> None:
        for name, follow in (
            ("_create_multipart_upload", self._created),
            ("_upload_part", self._part_stored),
            ("_upload_part_copy", self._part_stored),
            ("_complete_multipart_upload", self._forget_ended),
            ("_abort_multipart_upload", self._forget_ended),
        ):
            setattr(upstream, name, self._followed(getattr(upstream, name), follow))

    def restore(self) -> None:
        """Take up the uploads that were under way."""
        for key, stored in self._records.all(UPLOADS):
            account_id, upload_id = json.loads(key)
            upload = json.loads(stored)
            upload["parts"] = {
                json.loads(number): StoredPart(
                    json.loads(part), self._file(upload_id, json.loads(number))
                )
                for number, part in self._records.all(PARTS + upload_id)
            }
            upstream._multipart_uploads._data[(account_id, upload_id)] = upload

    def _followed(
        self, operation: Callable[..., Answer], follow: Callable[[], None]
    ) -> Callable[..., Answer]:
        def handle(*arguments: Any, **options: Any) -> Answer:
            answer = operation(*arguments, **options)
            if answer[0] < 300:
                follow()
            return answer

        return handle

    def _created(self) -> None:
        stored = {key for key, _ in self._records.all(UPLOADS)}
        for scoped, upload in list(upstream._multipart_uploads._data.items()):
            key = json.dumps(scoped)
            if key not in stored:
                description = {name: value for name, value in upload.items() if name != "parts"}
                self._records.put(UPLOADS, key, json.dumps(description))

    def _part_stored(self) -> None:
        for (_, upload_id), upload in list(upstream._multipart_uploads._data.items()):
            for number, part in list(upload["parts"].items()):
                if isinstance(part, StoredPart):
                    continue
                file = self._file(upload_id, number)
                file.parent.mkdir(parents=True, exist_ok=True)
                unfinished = file.with_suffix(".unfinished")
                unfinished.write_bytes(part["body"])
                unfinished.replace(file)
                description = {name: value for name, value in part.items() if name != "body"}
                self._records.put(PARTS + upload_id, json.dumps(number), json.dumps(description))
                upload["parts"][number] = StoredPart(description, file)

    def _forget_ended(self) -> None:
        for key, _ in self._records.all(UPLOADS):
            scoped = tuple(json.loads(key))
            if scoped not in upstream._multipart_uploads._data:
                self._records.delete(UPLOADS, key)
                self._records.delete_kind(PARTS + scoped[1])
                shutil.rmtree(self._directory / scoped[1], ignore_errors=True)

    def _file(self, upload_id: str, number: Any) -> Path:
        return self._directory / upload_id / f"part-{number}"
