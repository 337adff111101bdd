"""Reading a line of people.

A title or an organization holds for the names after it until the next of either. A role word after names holds for all
of them back to the last role; one before names is a label and holds until the next title, role word or label.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from pipelines.lines.line_shape import roles_close, titles_follow
from pipelines.lines.names import is_pen_name
from pipelines.lines.tokenizer import close_dots, tokenize
from pipelines.lines.tokens import Token
from pipelines.lines.vocabulary import RoleWord
from pipelines.record import Person, Role

EDITING: frozenset[Role] = frozenset({"editor", "responsible_editor", "proofreader"})
_PARTS_OF_PAIRS = frozenset({"文", "图", "摄", "译", "文字", "摄影", "视频", "图片"})


# More than this is no list of people, however many wrote.
_LONGEST = 4000


class LineReading(NamedTuple):
    """All that a line of people says.

    Attributes:
        people: the people, one entry a name and role, in order.
        unread: the pieces that are not understood.
        givers: organizations that gave, issued or made what the line credits (受访者供图, 新华社发).
        tokens: the line's tokens.
    """

    people: list[Person]
    unread: list[str]
    givers: list[str]
    tokens: list[Token]

    @property
    def organizations(self) -> list[str]:
        """Every organization of the line."""
        return [token.text for token in self.tokens if token.kind == "organization"]

    @property
    def has_role(self) -> bool:
        """Whether a role word, or the 发 of an agency, stands in the line."""
        return any(token.kind in ("role", "issue") for token in self.tokens)

    @property
    def has_title(self) -> bool:
        """Whether a title stands in the line."""
        return any(token.kind == "title" for token in self.tokens)

    @property
    def has_author_label(self) -> bool:
        """Whether 作者 stands in the line."""
        return any(token.role is not None and token.role.is_default for token in self.tokens)


def read_line(text: str, default_role: Role) -> LineReading:
    """Do as `read_people`, and tell besides what the line is made of."""
    if len(text) > _LONGEST:
        return LineReading([], [text], [], [])
    text = close_dots(text)
    reader = _Reader(text, tokenize(text), default_role)
    return reader.read()


class _Mention(NamedTuple):
    name: str
    title: str | None
    affiliation: str | None
    token: Token


class _Reader:
    """Walks the tokens of one line."""

    def __init__(self, text: str, tokens: list[Token], default_role: Role) -> None:
        self._text = text
        self._tokens = tokens
        self._default: tuple[Role, ...] = (default_role,)
        self._people: dict[tuple[str, Role], Person] = {}
        self._unread: list[str] = []
        self._givers: list[str] = []
        self._title: str | None = None
        self._affiliation: str | None = None
        self._named = False  # a name stands since the last title or organization
        self._heads = False  # title and organization head a list with labels inside
        self._group: list[_Mention] = []
        self._label: RoleWord | None = None
        self._label_token: Token | None = None
        self._label_named = False
        self._closes = roles_close(tokens)
        self._titles_follow = titles_follow(tokens)

    def read(self) -> LineReading:
        """Walk to the end and give the reading."""
        position = 0
        while position < len(self._tokens):
            token = self._tokens[position]
            if token.kind == "role":
                position = self._take_roles(position)
                continue
            if token.kind == "name":
                self._take_name(token)
            elif token.kind == "title":
                self._take_title(position)
            elif token.kind == "organization":
                self._take_organization(position)
            elif token.kind == "issue":
                if self._affiliation is not None:
                    self._givers.append(self._affiliation)
            else:
                self._take_other(token)
            position += 1
        self._close_group(None)
        return LineReading(list(self._people.values()), self._unread, self._givers, self._tokens)

    def _joint_after(self, position: int) -> str | None:
        return self._tokens[position + 1].joint if position + 1 < len(self._tokens) else None

    def _take_name(self, token: Token) -> None:
        mention = _Mention(token.text, self._title, self._affiliation, token)
        self._named = True
        if self._label is not None:
            self._label_named = True
            self._emit(mention, self._label)
        else:
            self._group.append(mention)

    def _take_title(self, position: int) -> None:
        token = self._tokens[position]
        before = self._tokens[position - 1] if position else None
        after = self._tokens[position + 1] if position + 1 < len(self._tokens) else None
        if self._titles_follow:
            self._group = [mention if mention.title else mention._replace(title=token.text) for mention in self._group]
            return
        is_last = after is None or (token.joint == "(" and after.joint == ")")
        if is_last and self._group and before is not None:
            # 张三（记者）, 张三 本报评论员: the title stands behind its name.
            follows_name = before.kind == "name" or (
                before.kind == "organization" and position > 1 and self._tokens[position - 2].kind == "name"
            )
            if follows_name and self._group[-1].title is None:
                affiliation = before.text if before.kind == "organization" else self._group[-1].affiliation
                self._group[-1] = self._group[-1]._replace(title=token.text, affiliation=affiliation)
                return
        if self._label is not None and self._label_named and token.joint != ",":
            self._label = None
        self._title = token.text
        if before is None or before.kind != "organization":
            self._affiliation = None
        self._named = self._heads = False

    def _take_organization(self, position: int) -> None:
        token = self._tokens[position]
        before = self._tokens[position - 1] if position else None
        if token.joint == "(" and before is not None and before.kind == "name" and self._group:
            if self._joint_after(position) in (None, ")") and self._group[-1].affiliation is None:
                self._group[-1] = self._group[-1]._replace(affiliation=token.text)
            return
        self._affiliation = token.text
        self._title = None
        self._named = self._heads = False

    def _take_other(self, token: Token) -> None:
        label = self._label
        if label is not None and set(label.roles) & EDITING and token.joint == ":" and is_pen_name(token.text):
            self._take_name(token)
            return
        piece = self._text[token.start : token.end]
        if not self._unread or self._unread[-1] != piece:
            self._unread.append(piece)

    def _take_roles(self, position: int) -> int:
        """Take a role word with those joined to it (`文/图`) and give the position after them."""
        first = self._tokens[position]
        end = position + 1
        role = _role_of(first)
        while end < len(self._tokens) and self._joins(position, end):
            other = _role_of(self._tokens[end])
            role = role._replace(roles=tuple(dict.fromkeys(role.roles + other.roles)))
            end += 1
        before = self._tokens[position - 1] if position else None
        after = self._tokens[end] if end < len(self._tokens) else None
        if self._is_label(first, role, before, after):
            self._open_label(role, first, after)
        elif before is not None and before.kind in ("organization", "title") and not self._named:
            # 受访者供图: an organization's doing, nobody's before it.
            self._givers.append(self._affiliation or before.text)
            self._title = self._affiliation = None
            self._close_group(None)
        else:
            self._leave_others(first, role)
            self._close_group(role)
        return end

    def _leave_others(self, token: Token, role: RoleWord) -> None:
        """Give names under other titles their default role where a picture's role word sticks to one of another.

        `（记者 甲 通讯员 乙/摄）`: in an article's own line 甲 has written it.
        """
        if token.joint != "/" or self._default != ("author",) or role.roles != ("photographer",):
            return
        last = self._group[-1] if self._group else None
        while last is not None and self._group[0][1:3] != last[1:3]:
            self._emit(self._group.pop(0), None)

    def _joins(self, first: int, second: int) -> bool:
        token = self._tokens[second]
        if token.kind != "role" or self._joint_after(second) == ":" != self._joint_after(first):
            return token.kind == "role" and token.joint in ("/", ",", "") and self._joint_after(first) != ":"
        if token.joint in ("/", ",", ""):
            return True
        return (
            token.joint == " "
            and token.text in _PARTS_OF_PAIRS
            and self._tokens[first].text in _PARTS_OF_PAIRS
            and (second + 1 == len(self._tokens) or first == 0)
        )

    def _is_label(self, token: Token, role: RoleWord, before: Token | None, after: Token | None) -> bool:
        """Tell whether a role word stands before its names (摄影：张三, 编辑/王艺) or after them (张三 摄)."""
        if after is None or (after.kind == "role" and after.joint != ":"):
            return not self._group and (before is None or before.kind != "organization") and after is not None
        if after.joint == ":":
            return True
        by_organization = before is not None and before.kind in ("organization", "title") and not self._named
        if not self._group:
            return not (by_organization and role.position == "before" and after.joint != "/")
        if token.joint == "/" or (token.joint == "" and before is not None and before.kind == "name"):
            return False
        if after.joint == "/" or (after.joint == "" and after.kind == "name"):
            return True
        if token.joint == "(":
            return after.joint != ")"
        if by_organization:
            return role.position == "after"
        return role.position == "after" or (role.position == "either" and not self._closes)

    def _open_label(self, role: RoleWord, token: Token, after: Token | None) -> None:
        self._close_group(None)
        is_heading = (self._title is not None or self._affiliation is not None) and not self._named
        self._heads = self._heads or is_heading
        if not self._heads or set(role.roles) & EDITING or (after is not None and after.joint == ":"):
            self._title = self._affiliation = None
            self._heads = False
        self._label = None if role.is_default else role
        self._label_token = token
        self._label_named = False

    def _close_group(self, role: RoleWord | None) -> None:
        """Give the open names their role and close the group."""
        for mention in self._group:
            self._emit(mention, role)
        self._group.clear()
        if role is not None:
            self._label = None

    def _emit(self, mention: _Mention, role: RoleWord | None) -> None:
        roles = self._default if role is None or role.is_default else role.roles
        if not roles:
            start = self._label_token.start if self._label_token is not None and role is self._label else None
            self._unread.append(self._text[mention.token.start if start is None else start : mention.token.end])
            self._label_token = None
        for one in roles:
            person = Person(name=mention.name, title=mention.title, affiliation=mention.affiliation, role=one)
            known = self._people.get((person.name, one))
            if known is not None:
                person = msgspec.structs.replace(
                    known, title=known.title or person.title, affiliation=known.affiliation or person.affiliation
                )
            self._people[person.name, one] = person


def _role_of(token: Token) -> RoleWord:
    if token.role is None:
        raise ValueError(f"{token.text} is no role word")
    return token.role
