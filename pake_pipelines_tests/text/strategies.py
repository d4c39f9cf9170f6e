"""Any string that can arrive: lone surrogates, NUL, emoji, mixed scripts, markup and Markdown marks."""

from hypothesis import strategies as st

_TELLING = st.sampled_from(
    [
        "\x00",
        "\ud800",
        "\udfff",
        "\u200b",
        "\ufeff",
        "\u2028",
        "\r\n",
        "\n\n\n",
        "\t",
        "e\u0301",
        "\U0001f600",
        "\u4f60\u597d",
    ]
    + [
        "<b>",
        "</p>",
        "<script>",
        "<!--",
        "-->",
        "<ul><li>",
        "<html>",
        "<body>",
        "<table><tr><td colspan=9>",
        "&amp;",
        "&#0;",
    ]
    + [
        "```",
        "`",
        "# ",
        "- ",
        "> ",
        "](",
        '"',
        "'",
        "http://a.b/(c",
        "https://[",
        "click here",
        "BUY NOW",
        "!!!",
        "phrases ",
    ]
)
any_text = st.lists(st.one_of(_TELLING, st.text(st.characters(exclude_categories=()), max_size=20)), max_size=12).map(
    "".join
)
