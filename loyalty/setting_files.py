"""Settings from files: LAUREL_X_FILE names a file that holds what LAUREL_X would say, as secrets are mounted."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import InitErrorDetails, PydanticCustomError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

FILE_BYTES_LIMIT = 65_536


class SettingFiles(PydanticBaseSettingsSource):
    """Reads them. A variable that is given both ways, or whose file cannot be read, is refused by its name."""

    def __init__(
        self, settings: type[BaseSettings], prefix: str = "LAUREL_", environment: Mapping[str, str] = os.environ
    ) -> None:
        super().__init__(settings)
        self._prefix = prefix
        self._environment = environment

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        variable = f"{self._prefix}{field_name.upper()}"
        path = self._environment.get(f"{variable}_FILE")
        if path is None or f"{field_name}_file" in self.settings_cls.model_fields:
            return None, field_name, False
        if variable in self._environment:
            raise _refused(field_name, f"is given, and so is {variable}_FILE: which one holds?")
        return _text(field_name, Path(path)), field_name, False

    def __call__(self) -> dict[str, Any]:
        found = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}


def _text(name: str, path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(FILE_BYTES_LIMIT + 1)
        if len(raw) > FILE_BYTES_LIMIT:
            raise _refused(name, f"{path} is larger than {FILE_BYTES_LIMIT} bytes")
        return raw.decode().strip()
    except OSError as error:
        raise _refused(name, f"{path} cannot be read: {os.strerror(error.errno or 0)}") from None
    except UnicodeDecodeError:
        raise _refused(name, f"{path} is not UTF-8") from None


def _refused(name: str, why: str) -> ValidationError:
    told = PydanticCustomError("setting_file", "{why}", {"why": why})
    return ValidationError.from_exception_data("Settings", [InitErrorDetails(type=told, loc=(name,), input=None)])
