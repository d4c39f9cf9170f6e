"""Web pages whose links are articles, sitemaps, robots.txt."""
