"""Names printed with blanks inside: `王　艺`, `欧阳 菲`, `Demi Lin`."""

from __future__ import annotations

from pipelines.lines import names
from pipelines.lines.tokens import Token

_LONGEST_LATIN_NAME = 5


def join_names(tokens: list[Token]) -> list[Token]:
    """Join the characters of padded names (`王　艺`), the words of foreign ones, and say which words are names."""
    result: list[Token] = []
    position = 0
    while position < len(tokens):
        token = tokens[position]
        if token.kind != "word":
            result.append(token)
            position += 1
            continue
        following = tokens[position + 1] if position + 1 < len(tokens) else None
        if len(token.text) == 1 and names.is_han(token.text):
            run = _run_of_characters(tokens, position)
            position += len(run)
            result += _pair(run)
            if len(run) == 1 and position < len(tokens) and _completes(run[0], tokens[position]):
                result[-1] = run[0]._replace(
                    kind="name", text=run[0].text + tokens[position].text, end=tokens[position].end
                )
                position += 1
        elif (
            token.text in names.COMPOUND_SURNAMES
            and following is not None
            and following.kind == "word"
            and following.joint == " "
            and len(following.text) == 1
        ):
            result.append(token._replace(kind="name", text=token.text + following.text, end=following.end))
            position += 2
        elif names.is_latin(token.text):
            text, end = token.text, token.end
            position += 1
            last = position + _LONGEST_LATIN_NAME
            while (
                position < min(len(tokens), last)
                and tokens[position].kind == "word"
                and tokens[position].joint == " "
                and names.is_latin(tokens[position].text)
            ):
                text, end = f"{text} {tokens[position].text}", tokens[position].end
                position += 1
            result.append(token._replace(kind="name" if len(text) > 1 else "other", text=text, end=end))
        else:
            result.append(token._replace(kind="name" if names.is_name(token.text) else "other"))
            position += 1
    return result


def _run_of_characters(tokens: list[Token], position: int) -> list[Token]:
    """Give the single characters parted by blanks only; a role word that is a given name too counts after a surname."""
    run = [tokens[position]]
    for at in range(position + 1, len(tokens)):
        token = tokens[at]
        if token.joint != " " or len(token.text) != 1 or not names.is_han(token.text):
            break
        if token.kind != "word" and not (
            token.kind == "role"
            and token.text in "文译"
            and len(run) % 2 == 1
            and run[-1].text in names.SURNAMES
            and run[-1].text not in names.PLACEHOLDERS
        ):
            break
        run.append(token)
    return run


def _completes(surname: Token, given: Token) -> bool:
    """Tell whether a lone family name and the two characters after it are one name: `王 小明`."""
    return (
        surname.text in names.SURNAMES
        and surname.text not in names.PLACEHOLDERS
        and given.kind == "word"
        and given.joint == " "
        and len(given.text) == 2
        and not names.has_surname(given.text)
        and names.is_han(given.text)
    )


def _pair(run: list[Token]) -> list[Token]:
    """Make names of single characters: two are a name, three are one where the first is a family name."""
    if all(token.text in names.PLACEHOLDERS for token in run):
        return [token._replace(kind="name") for token in run]
    if len(run) == 3 and run[0].text in names.SURNAMES:
        return [_name_of(run)]
    if len(run) % 2:
        return [token._replace(kind="name" if token.text in names.PLACEHOLDERS else "other") for token in run]
    return [_name_of(run[at : at + 2]) for at in range(0, len(run), 2)]


def _name_of(run: list[Token]) -> Token:
    return run[0]._replace(kind="name", text="".join(token.text for token in run), end=run[-1].end)
