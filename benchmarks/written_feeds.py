"""Feeds in the shapes that sites really send: blogs' RSS with full HTML, news RSS, Atom, RSS 1.0."""

import random
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from typing import Final

from benchmarks.corpus import Writer

_WORDS_PER_TAG: Final = 12
_INLINE: Final = (
    '<a href="https://elsewhere.example/{word}?a=1&amp;b=2" target="_blank" rel="noreferrer noopener">{word}</a>',
    "<strong>{word}</strong>",
    "<em>{word}</em>",
    '<span style="font-weight: 400;">{word}</span>',
    "<code>{word}</code>",
    "{word}<br />",
)
_PICTURE: Final = (
    '<figure class="wp-block-image size-large"><img loading="lazy" decoding="async" width="1024" height="576" '
    'src="https://images.example/{number}-1024x576.jpg" alt="{word}" class="wp-image-{number}" '
    'srcset="https://images.example/{number}-1024x576.jpg 1024w, https://images.example/{number}-300x169.jpg 300w" '
    'sizes="auto, (max-width: 1024px) 100vw, 1024px" /><figcaption>{word} &copy; 2026</figcaption></figure>'
)
_BEFORE: Final = ("", "", "", "<h2>About {word}</h2>", "<ul><li>{word}</li><li>{number}</li></ul>", _PICTURE)
_START: Final = datetime(2026, 11, 20, 8, tzinfo=UTC)
_NAMESPACES: Final = (
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:atom="http://www.w3.org/2005/Atom" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/" '
    'xmlns:media="http://search.yahoo.com/mrss/"'
)


@dataclass(frozen=True)
class _Post:
    """What one item says; `markup` is HTML."""

    link: str
    title: str
    teaser: str
    markup: str
    author: str
    tags: list[str]
    at: datetime


class FeedWriter:
    """Writes feeds of 20 to 50 items whose bodies have 0.5 to 10 kB."""

    def __init__(self, seed: int = 0) -> None:
        """Start at `seed`."""
        self._random = random.Random(seed)
        self._writer = Writer(seed)

    def feeds(self, count: int) -> Iterator[bytes]:
        """Yield `count` feeds, of each shape in turn."""
        shapes: list[Callable[[list[_Post]], str]] = [_blog, _news, _atom, _rdf]
        for number in range(count):
            posts = [self._post(number, position) for position in range(self._random.randint(20, 50))]
            yield f'<?xml version="1.0" encoding="UTF-8"?>\n{shapes[number % len(shapes)](posts)}'.encode()

    def _post(self, feed: int, position: int) -> _Post:
        size = int(500 * 20 ** self._random.random())
        title, text = self._writer.document()
        blocks = [self._block(text)]
        while sum(map(len, blocks)) < size:
            blocks += map(self._block, textwrap.wrap(self._writer.document()[1], self._random.randint(150, 450)))
        while len(blocks) > 1 and sum(map(len, blocks)) > size:
            blocks.pop()
        return _Post(
            link=f"https://site-{feed}.example/2026/11/{position}-{title.lower().replace(' ', '-')}/",
            title=title,
            teaser=text[:250],
            markup="\n".join(blocks),
            author=" ".join(title.split()[:2]),
            tags=title.lower().split()[: self._random.randint(1, 5)],
            at=_START - timedelta(hours=position, minutes=self._random.randint(0, 59)),
        )

    def _block(self, text: str) -> str:
        """Return a paragraph as editors write it, now and then after a heading, a list or a picture."""
        words = text.split()
        for place in range(self._random.randrange(_WORDS_PER_TAG), len(words), _WORDS_PER_TAG):
            words[place] = self._random.choice(_INLINE).format(word=words[place])
        before = self._random.choice(_BEFORE).format(word=words[0], number=self._random.randint(1, 9999))
        return f'{before}<p class="wp-block-paragraph">{" ".join(words)} it&#8217;s&nbsp;so.</p>'


def _blog(posts: list[_Post]) -> str:
    items = "".join(
        f"<item>\n\t<title>{escape(post.title)}</title>\n\t<link>{post.link}</link>\n\t"
        f"<dc:creator><![CDATA[{post.author}]]></dc:creator>\n\t<pubDate>{format_datetime(post.at)}</pubDate>\n\t"
        + "".join(f"<category><![CDATA[{tag}]]></category>" for tag in post.tags)
        + f'\n\t<guid isPermaLink="false">{post.link}?p={number}</guid>\n\t'
        f"<description><![CDATA[<p>{escape(post.teaser)} [&#8230;]</p>]]></description>\n\t"
        f"<content:encoded><![CDATA[{post.markup}]]></content:encoded>\n</item>\n"
        for number, post in enumerate(posts)
    )
    return (
        f'<rss version="2.0" {_NAMESPACES}>\n<channel>\n<title>A blog</title>\n'
        '<atom:link href="https://blog.example/feed/" rel="self" type="application/rss+xml" />\n'
        "<link>https://blog.example</link>\n<description>What we do</description>\n<language>en-US</language>\n"
        "<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>1</sy:updateFrequency>\n"
        f"{items}</channel></rss>"
    )


def _news(posts: list[_Post]) -> str:
    items = "".join(
        f"<item><title><![CDATA[{post.title}]]></title><description>{escape(post.markup)}</description>"
        f'<link>{post.link}</link><guid isPermaLink="true">{post.link}</guid>'
        f"<pubDate>{format_datetime(post.at, usegmt=True)}</pubDate>"
        f'<media:thumbnail width="240" height="135" url="{post.link}picture.jpg"/>'
        f'<media:content url="{post.link}big.jpg" medium="image"/></item>'
        for post in posts
    )
    return (
        f'<rss version="2.0" {_NAMESPACES}><channel><title>News</title><link>https://news.example</link>'
        f"<description>All of it</description><ttl>15</ttl>{items}</channel></rss>"
    )


def _atom(posts: list[_Post]) -> str:
    entries = "".join(
        f'<entry>\n<id>{post.link}</id>\n<title type="html">{escape(post.title)}</title>\n'
        f'<link rel="alternate" type="text/html" href="{post.link}"/>\n<published>{post.at.isoformat()}</published>\n'
        f"<updated>{post.at.isoformat()}</updated>\n<author><name>{post.author}</name></author>\n"
        + "".join(f'<category term="{tag}"/>' for tag in post.tags)
        + f'\n<summary type="html">{escape(post.teaser)}</summary>\n'
        f'<content type="html">{escape(post.markup)}</content>\n</entry>\n'
        for post in posts
    )
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><title>Notes</title><id>https://notes.example/</id>'
        f'<link rel="self" href="https://notes.example/atom.xml"/><updated>{_START.isoformat()}</updated>{entries}</feed>'
    )


def _rdf(posts: list[_Post]) -> str:
    items = "".join(
        f'<item rdf:about="{post.link}"><title>{escape(post.title)}</title><link>{post.link}</link>'
        f"<description>{escape(post.markup)}</description><dc:creator>{post.author}</dc:creator>"
        f"<dc:date>{post.at.isoformat()}</dc:date><dc:subject>{post.tags[0]}</dc:subject></item>"
        for post in posts
    )
    return (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://papers.example/"><title>Papers</title>'
        f"<link>https://papers.example/</link><description>New ones</description></channel>{items}</rdf:RDF>"
    )
