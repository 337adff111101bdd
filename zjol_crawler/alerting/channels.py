"""Ways to tell people: e-mail and a webhook."""

from __future__ import annotations

import json
import smtplib
import ssl
import urllib.error
import urllib.request
from collections.abc import Sequence
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from pipelines.store.findings import Finding
from zjol_crawler.schedule.config import Alerts

_TIMEOUT = 30.0


class DeliveryError(Exception):
    """Nobody could be told; the message names the channel and why."""


def send_mail(alerts: Alerts, findings: Sequence[Finding]) -> None:
    """Send one mail about findings.

    Raises:
        DeliveryError: the server cannot be reached or refuses it.
    """
    message = EmailMessage()
    message["Subject"] = subject(findings)
    message["From"] = alerts.mail_from or ""
    message["To"] = ", ".join(alerts.mail_to)
    message.set_content("\n".join(line(finding) for finding in findings) + "\n\nzjol findings, zjol held\n")
    parts = urlsplit(alerts.smtp or "")
    host = parts.hostname or "localhost"
    try:
        if parts.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                host, parts.port or 465, timeout=_TIMEOUT, context=ssl.create_default_context()
            )
        else:
            server = smtplib.SMTP(host, parts.port or 25, timeout=_TIMEOUT)
        with server:
            if parts.scheme == "smtp" and server.has_extn("starttls"):
                server.starttls(context=ssl.create_default_context())
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        raise DeliveryError(f"mail by {host}: not sent: {error}") from error


def post(alerts: Alerts, findings: Sequence[Finding]) -> None:
    """Post findings as JSON: `text`, one line for chat programs, and `findings`, each with its columns.

    Raises:
        DeliveryError: the address cannot be reached or refuses it.
    """
    body = {"text": subject(findings), "findings": [as_json(finding) for finding in findings]}
    data = json.dumps(body, ensure_ascii=False).encode()
    request = urllib.request.Request(
        alerts.webhook or "", data, {"Content-Type": "application/json; charset=utf-8"}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT):
            pass
    except (OSError, urllib.error.URLError, ValueError) as error:
        raise DeliveryError(f"webhook {urlsplit(alerts.webhook or '').hostname}: not posted: {error}") from error


def subject(findings: Sequence[Finding]) -> str:
    """Give one line on findings."""
    opened = sum(finding.closed_at is None for finding in findings)
    fatal = sum(finding.closed_at is None and finding.severity == "fatal" for finding in findings)
    ended = len(findings) - opened
    parts = [f"{opened} new finding{'s' * (opened != 1)}{f', {fatal} fatal' if fatal else ''}"] if opened else []
    parts += [f"{ended} ended"] if ended else []
    return f"zjol: {'; '.join(parts)}"


def line(finding: Finding) -> str:
    """Give a finding in one line."""
    state = "ended" if finding.closed_at is not None else finding.severity
    field = f" {finding.field}:" if finding.field else ""
    return f"[{state}] {finding.subject}:{field} {finding.detail} (finding {finding.id})"


def as_json(finding: Finding) -> dict[str, object]:
    """Give a finding's columns, times as ISO 8601 in UTC."""
    closed = finding.closed_at.isoformat() if finding.closed_at is not None else None
    return finding._asdict() | {"opened_at": finding.opened_at.isoformat(), "closed_at": closed}
