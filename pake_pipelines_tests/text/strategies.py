"""Any string that can arrive: lone surrogates, NUL, emoji, mixed scripts, markup and Markdown marks."""

from hypothesis import strategies as st

_CHARACTERS = [
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
]
_MARKUP = ["<b>", "</p>", "<script>", "<!--", "-->", "<ul><li>", "<html>", "<table><tr><td colspan=9>", "&amp;", "&#0;"]
_MARKDOWN = ["```", "`", "# ", "- ", "> ", "](", '"', "'", "http://a.b/(c", "https://["]
_WORDS = ["\u4f60\u597d", "click here", "BUY NOW", "!!!", "phrases "]

_telling = st.sampled_from([*_CHARACTERS, *_MARKUP, *_MARKDOWN, *_WORDS])
_any_characters = st.text(st.characters(exclude_categories=()), max_size=20)
any_text = st.lists(st.one_of(_telling, _any_characters), max_size=12).map("".join)
