"""Saved web pages: their title and author; the main content is found where all HTML becomes text."""

from pake_pipelines.sources.files.content import FileContent, believable_author, believable_title
from pake_pipelines.sources.html_tree import decode, tree_of


def read_html(body: bytes) -> FileContent:
    """Return a page whole; its title is its <title>, else its first <h1>. Raises nothing for broken markup."""
    text = decode(body, None)
    tree = tree_of(text)
    if tree is None:
        return FileContent(text, "text/html")
    titles = ("".join(element.itertext()) for element in tree.iter("title", "h1"))
    author = next(iter(tree.xpath("//meta[@name='author']/@content")), None)
    return FileContent(
        text, "text/html", next(filter(None, map(believable_title, titles)), None), believable_author(author)
    )
