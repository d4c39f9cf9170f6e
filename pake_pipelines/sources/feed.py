"""Feeds: RSS 0.9x, 1.0, 1.1 and 2.0, Atom, CDF and JSON Feed, over HTTP with conditional GET or from a file."""

from pake_pipelines.sources.feed_parsing import parse_feed
from pake_pipelines.sources.feed_reader import PARSER_VERSION, FileFeed, HttpFeed, parse_fetched

__all__ = ["PARSER_VERSION", "FileFeed", "HttpFeed", "parse_feed", "parse_fetched"]
