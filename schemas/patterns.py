"""The patterns of texts in the contracts, each with words for people: what is told of a text that does not match."""

_WORDS: dict[str, str] = {}


def described(pattern: str, words: str) -> str:
    """The pattern itself; `words` finish "Should be" and give an example."""
    _WORDS[pattern] = words
    return pattern


def in_words(pattern: str) -> str | None:
    """What a text should be that is to match the pattern; None for a pattern without words."""
    return _WORDS.get(pattern)
