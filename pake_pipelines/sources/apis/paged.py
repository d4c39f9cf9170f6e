"""What an interface that is read page by page gives: a body for each page, with the cursor of the page that follows."""

from pake_pipelines.sources.http.client import Response
from pake_pipelines.sources.protocol import Cursor, Fetched, Unchanged


def page_answer(url: str, response: Response, cursor: Cursor, *, empty: bool) -> Fetched | Unchanged:
    """Return what `response` to `url` brought; an `empty` page is not worth keeping, but its cursor is."""
    if empty:
        return Unchanged(cursor=cursor, fresh_until=response.fresh_until)
    return Fetched(
        url,
        response.body,
        response.received_at,
        media_type=response.media_type,
        cursor=cursor,
        fresh_until=response.fresh_until,
    )
