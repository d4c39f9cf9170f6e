"""Opening a channel as it is configured, with the secrets that the environment holds."""

from collections.abc import Mapping

from pake_pipelines.alerts.channels.apprise import Apprise
from pake_pipelines.alerts.channels.email import Email
from pake_pipelines.alerts.channels.log import Log
from pake_pipelines.alerts.channels.protocol import Channel, NotConfiguredError
from pake_pipelines.alerts.channels.slack import Slack
from pake_pipelines.alerts.channels.webhook import Webhook, secret_of
from pake_pipelines.config.alerting import (
    AnyChannel,
    AppriseChannel,
    EmailChannel,
    LogChannel,
    SlackChannel,
    WebhookChannel,
)
from pake_pipelines.settings import Settings


def open_channel(name: str, channel: AnyChannel, settings: Settings, environ: Mapping[str, str]) -> Channel:
    """Return the channel `name`; nothing is connected yet.

    Raises NotConfiguredError when it is switched off or lacks something, for example a variable in `environ`.
    """
    if not channel.enabled:
        raise NotConfiguredError(f"the channel {name} is switched off")
    match channel:
        case LogChannel():
            return Log(settings.data / "logs" / "alerts.jsonl")
        case EmailChannel():
            return _email(channel, environ)
        case SlackChannel():
            return Slack(channel, _variable(environ, channel.url_env))
        case WebhookChannel():
            return _webhook(channel, environ)
        case AppriseChannel():
            return Apprise(_variable(environ, channel.url_env))


def lacking(channels: Mapping[str, AnyChannel], settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """Return what each channel that is switched on lacks to be used; those that lack nothing are left out."""
    found = {}
    for name, channel in channels.items():
        if channel.enabled:
            try:
                open_channel(name, channel, settings, environ)
            except NotConfiguredError as error:
                found[name] = str(error)
    return found


def _variable(environ: Mapping[str, str], name: str) -> str:
    if value := environ.get(name, "").strip():
        return value
    raise NotConfiguredError(f"the environment variable {name} is not set")


def _webhook(channel: WebhookChannel, environ: Mapping[str, str]) -> Webhook:
    url = channel.url or _variable(environ, channel.url_env or "")
    name = channel.secret_env
    return Webhook(channel, url, secret_of(_variable(environ, name), name) if name else None)


def _email(channel: EmailChannel, environ: Mapping[str, str]) -> Email:
    if not channel.recipients:
        raise NotConfiguredError("it has no recipients")
    username = _variable(environ, channel.username_env) if channel.username_env else None
    password = _variable(environ, channel.password_env) if username and channel.password_env else None
    server = (environ.get(channel.server_env, "").strip() if channel.server_env else "") or channel.server
    return Email(channel, server, username, password)
