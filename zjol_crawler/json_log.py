"""Log lines as JSON, one object a line, for programs that collect logs."""

from __future__ import annotations

import logging
import sys

from pythonjsonlogger.json import JsonFormatter


def log_as_json(level: str) -> None:
    """Send every log record to standard error as a JSON object: time, level, logger, message, and its extra fields."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        JsonFormatter(
            "{asctime}{levelname}{name}{message}",
            style="{",
            rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
            json_ensure_ascii=False,
            # Scrapy hangs its own objects on records.
            reserved_attrs=[*logging.makeLogRecord({}).__dict__, "spider", "message", "asctime", "taskName"],
        )
    )
    handler.setLevel(level)
    root = logging.getLogger()
    root.handlers[:] = [handler]
