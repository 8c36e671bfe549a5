"""Logs for programs: one JSON object per line on stderr, instead of progress and messages for a person."""

from __future__ import annotations

import json
import logging
from datetime import datetime, timezone
from typing import Any, Final

FORMATS: Final = ("text", "json")
_TRACEBACKS: Final = logging.getLogger("customer360.tracebacks")


class JsonLines(logging.Formatter):
    """The time (UTC), level and event of a record, its fields from `extra={"fields": ...}`, and a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds")
        entry: dict[str, Any] = {
            "time": moment.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str, ensure_ascii=False)


def write_json() -> None:
    """Makes this process log JSON lines: what this software does, and warnings and errors of all libraries."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("customer360").setLevel(logging.INFO)
    logging.captureWarnings(True)


def show_tracebacks(are_wanted: bool) -> None:
    """Sets whether a one-line error comes with its traceback."""
    _TRACEBACKS.setLevel(logging.DEBUG if are_wanted else logging.WARNING)


def are_tracebacks_shown() -> bool:
    return _TRACEBACKS.isEnabledFor(logging.DEBUG)


def are_json() -> bool:
    return any(isinstance(handler.formatter, JsonLines) for handler in logging.getLogger().handlers)
