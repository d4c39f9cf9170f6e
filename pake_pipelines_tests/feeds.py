"""Feeds and configurations that tests write: small, valid, and different in exactly what is asked for."""

import random
from xml.sax.saxutils import escape

_WORDS = [
    "river",
    "lantern",
    "copper",
    "orchard",
    "signal",
    "harbour",
    "willow",
    "granite",
    "meadow",
    "thunder",
    "violin",
    "compass",
    "marble",
    "feather",
    "glacier",
    "saddle",
    "pepper",
    "anchor",
    "basket",
    "candle",
    "dragon",
    "engine",
    "falcon",
    "garden",
    "hammer",
    "island",
    "jacket",
    "kettle",
    "ladder",
    "mirror",
    "needle",
    "ocean",
    "pencil",
    "quartz",
    "ribbon",
    "shadow",
    "ticket",
    "umbrella",
    "valley",
    "window",
    "yellow",
    "zebra",
    "almond",
    "bridge",
    "cactus",
    "desert",
    "ember",
    "forest",
    "ginger",
    "helmet",
    "indigo",
    "jungle",
    "kitten",
    "lemon",
    "mango",
    "nectar",
    "olive",
    "parrot",
    "quiver",
    "rocket",
    "silver",
    "tunnel",
]


def prose(number, sentences=6):
    """Return English-looking text that shares little with that of any other number."""
    choose = random.Random(number)
    return " ".join(
        f"The {choose.choice(_WORDS)} and the {choose.choice(_WORDS)} of the {choose.choice(_WORDS)} were seen near "
        f"the {choose.choice(_WORDS)}, where every {choose.choice(_WORDS)} was kept with a {choose.choice(_WORDS)}."
        for _ in range(sentences)
    )


def item(number, *, text=None, title=None, guid="", link="", date="Fri, 20 Nov 2026 08:00:00 +0000"):
    """Return an RSS item; None leaves the guid, link or date out, an empty string takes the usual one."""
    usual = f"https://feed.example/{number}"
    parts = {
        "title": f"Report {number}" if title is None else title,
        "guid": usual if guid == "" else guid,
        "link": usual if link == "" else link,
        "pubDate": date,
        "description": prose(number) if text is None else text,
    }
    inner = "".join(f"<{name}>{escape(said)}</{name}>" for name, said in parts.items() if said is not None)
    return f"<item>{inner}</item>"


def rss(*items):
    """Return the bytes of an RSS 2.0 feed."""
    channel = f"<title>Feed</title><link>https://feed.example/</link><description>Feed</description>{''.join(items)}"
    return f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>{channel}</channel></rss>'.encode()


def sources_yaml(*, http="", limit=1000, **addresses):
    """Return a configuration with one source per keyword: a web address, a feed's path or a folder's path with '/'."""
    manners = "allow_private_hosts: ['127.0.0.1'], attempts: 1, rate: {requests_per_minute: 6000, burst: 100}"
    lines = [f"http: {{{manners}{', ' if http else ''}{http}}}", "sources:"]
    for name, address in addresses.items():
        kind = "folder" if str(address).endswith("/") else "feed"
        key = "url" if str(address).startswith("http") else "path"
        slug = name.replace("_", "-")
        lines.append(
            f"  {slug}: {{name: {name}, kind: {kind}, {key}: '{address}', authority: news, max_items_per_run: {limit}}}"
        )
    return "\n".join(lines)
