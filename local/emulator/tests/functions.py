"""Lambda functions that tests deploy on an emulator."""

from __future__ import annotations

import io
import itertools
import json
import zipfile
from typing import Any

from conftest import Emulator

numbers = itertools.count()


class Functions:
    """Creates and invokes Node functions written as one ES module."""

    def __init__(self, emulator: Emulator) -> None:
        self.client = emulator.client("lambda")

    def create(self, source: str, **fields: Any) -> str:
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as files:
            files.writestr("index.mjs", source)
        name = f"function{next(numbers)}"
        self.client.create_function(
            FunctionName=name,
            Runtime="nodejs24.x",
            Handler="index.handler",
            Role="arn:aws:iam::000000000000:role/functions",
            Code={"ZipFile": archive.getvalue()},
            **fields,
        )
        return name

    def invoke(self, name: str, event: Any = None) -> tuple[str | None, Any]:
        """The kind of error, if any, and the parsed payload."""
        answer = self.client.invoke(FunctionName=name, Payload=json.dumps(event or {}))
        return answer.get("FunctionError"), json.loads(answer["Payload"].read())
