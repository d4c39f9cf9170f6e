"""What can be used here, and what it lacks: channels, sources and services without their variables, plain backups."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pake_pipelines.config.alerting import (
    AnyChannel,
    AppriseChannel,
    EmailChannel,
    LogChannel,
    SlackChannel,
    WebhookChannel,
)
from pake_pipelines.config.source_kinds import MailboxSource
from pake_pipelines.health.secrecy import variables
from pake_pipelines.reports.desk import Configs
from pake_pipelines.reports.document import Tag, Tone

_READY = Tag("ready", Tone.GOOD)
_LACKS = Tag("not configured", Tone.NOTICE)
_OFF = Tag("switched off", Tone.PLAIN)


@dataclass(frozen=True, slots=True)
class Feature:
    """Something that can be used here: how it stands, what it lacks, and what to do about that."""

    name: str
    standing: Tag
    says: str
    todo: str = ""


def features(configs: Configs, environ: Mapping[str, str], *, automation: bool) -> list[Feature]:
    """Return what there is, that which lacks something first; of `environ` only whether a variable is set is told."""
    found = [
        _automation(automation=automation),
        *_channels(configs.monitoring.alerting.channels, environ),
        *_editions(configs, environ),
        *_services(configs, environ),
        *_sources(configs, environ),
        *_backups(configs, environ),
    ]
    return sorted(found, key=lambda one: (Tone.WARN, Tone.NOTICE, Tone.GOOD, Tone.PLAIN).index(one.standing.tone))


def lacking(channel: AnyChannel, environ: Mapping[str, str]) -> str:
    """Return what a channel lacks to be used, nothing where it lacks nothing."""
    if isinstance(channel, EmailChannel) and not channel.recipients:
        return "it has no recipients"
    return _unset(_needed(channel), environ)


def _unset(names: Iterable[str], environ: Mapping[str, str]) -> str:
    """Return which of the variables are not set, nothing where all are."""
    unset = [name for name in names if not environ.get(name, "").strip()]
    return f"{', '.join(unset)} {'is' if len(unset) == 1 else 'are'} not set" if unset else ""


def _needed(channel: AnyChannel) -> list[str]:
    match channel:
        case EmailChannel():
            names = [channel.username_env, channel.password_env if channel.username_env else None]
        case SlackChannel() | AppriseChannel():
            names = [channel.url_env]
        case WebhookChannel():
            names = [channel.url_env, channel.secret_env]
        case _:
            names = []
    return [name for name in names if name]


def _automation(*, automation: bool) -> Feature:
    if automation:
        return Feature("Automation", _READY, "schedules and sensors may act by themselves")
    return Feature("Automation", Tag("switched off", Tone.WARN), "nothing acts by itself", "PAKE_AUTOMATION_ENABLED=1")


def _channels(channels: Mapping[str, AnyChannel], environ: Mapping[str, str]) -> Iterator[Feature]:
    for name, channel in channels.items():
        title = f"Channel {name}"
        if not channel.enabled:
            yield Feature(title, _OFF, "")
        elif lacks := lacking(channel, environ):
            todo = f"alerting.channels.{name} in configs/monitoring.yaml, then: pake alerts test {name}"
            yield Feature(title, _LACKS, lacks, todo)
        else:
            yield Feature(title, _READY, "")


def _editions(configs: Configs, environ: Mapping[str, str]) -> Iterator[Feature]:
    """Yield whether each edition of the reports reaches anybody: a file of log lines is nobody."""
    channels = configs.monitoring.alerting.channels
    reach = {
        name
        for name, one in channels.items()
        if one.enabled and not isinstance(one, LogChannel) and not lacking(one, environ)
    }
    mail = tuple(name for name, one in channels.items() if isinstance(one, EmailChannel))
    editions = {name: one for name, one in configs.reports.editions.items() if one.enabled}
    alone = [name for name, one in editions.items() if reach.isdisjoint(mail if one.channels is None else one.channels)]
    sent = [name for name in editions if name not in alone]
    if sent:
        yield Feature("Delivery of reports", _READY, ", ".join(sent))
    if alone:
        todo = "configure a channel, or name another: editions.*.channels in configs/reports.yaml"
        yield Feature("Delivery of reports", _LACKS, f"made, and sent to nobody: {', '.join(alone)}", todo)


def _services(configs: Configs, environ: Mapping[str, str]) -> Iterator[Feature]:
    for name, service in configs.monitoring.enabled_services().items():
        if lacks := _unset(variables(service), environ):
            title = f"Service {service.title or name}"
            yield Feature(title, _LACKS, f"{lacks}: it is not probed", "set what is missing, or switch the service off")


def _sources(configs: Configs, environ: Mapping[str, str]) -> Iterator[Feature]:
    for slug, source in configs.sources.enabled.items():
        if isinstance(source, MailboxSource) and (lacks := _unset((source.username_env, source.password_env), environ)):
            todo = f"set what is missing, or: pake sources disable {slug}"
            yield Feature(f"Source {source.name}", _LACKS, f"{lacks}: it is not read", todo)


def _backups(configs: Configs, environ: Mapping[str, str]) -> Iterator[Feature]:
    backup = configs.maintenance.backup
    leaves = backup.target is not None and "://" in backup.target
    if backup.encrypt and (lacks := _unset([backup.key_env], environ)):
        tag = Tag("lacks its key", Tone.WARN)
        yield Feature("Encrypted backups", tag, f"{lacks}: no backup can be made", "pake backup key")
    elif backup.encrypt:
        yield Feature("Encrypted backups", _READY, f"with the key in {backup.key_env}")
    else:
        tone = Tone.WARN if leaves else Tone.PLAIN
        says = "backups leave this machine as they are" if leaves else "backups stay on this machine as they are"
        todo = "backup: {encrypt: true} in configs/maintenance.yaml, with a key of `pake backup key`"
        yield Feature("Encrypted backups", Tag("switched off", tone), says, todo)
    if backup.point_in_time.enabled:
        yield Feature("Recovery to any moment", _READY, "the write-ahead log is archived")
    else:
        says = "after a loss, what came after the newest backup is gone"
        yield Feature("Recovery to any moment", _OFF, says, "backup: {point_in_time: {enabled: true}}")
    if not backup.proof.enabled:
        yield Feature("Proved backups", Tag("switched off", Tone.WARN), "nobody knows whether a backup can be restored")
