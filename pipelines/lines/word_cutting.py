"""Cutting one word of a line about people where title, organization, name and role word stick together."""

from __future__ import annotations

import re

from pipelines.lines import names
from pipelines.lines.tokens import Joint, Kind, Token
from pipelines.lines.vocabulary import (
    GIVERS,
    GROUP_TITLE,
    LONGEST_GLUED_ROLE,
    ROLES,
    ROLES_AFTER_NAMES,
    ROLES_BEFORE_NAMES,
    TITLE,
    TITLES_ALONE,
    RoleWord,
    is_medium,
    is_organization,
    may_give,
    split_agency,
)

_NAME_AND_CODE = re.compile("([\u4e00-\u9fff]{2,4})[A-Z]{1,4}[0-9]{2,6}")
_PROVIDED = re.compile(
    "(?:部分|文中|本文|其他|其余|文内|资料)?(?:图片?|照片|插图|配图|视频)[均都]?由(.{2,16}?)(?:提供|供图)"
)
_FILED_FROM = re.compile("(?:发自|写于|摄于)[\u4e00-\u9fff]{2,8}")
# Longer than this a word is running text, not people with nothing between.
_LONGEST_WORD = 100
_LONGEST_NAME_WITH_ROLE = 8
_AND = re.compile("[和与及]")
_LONGEST_GLUED_ORGANIZATION = 14
# Single-character role words that also close given names: 王博文 is a name, 张小三文 a name and a role.
_BEFORE_TU_IN_NAMES = frozenset("宏鸿洪雄伟良远")
_DOUBTFUL_ENDINGS = frozenset("文图译绘")
_UNLISTED_MEDIUM = re.compile(
    "(.{2,9}?(?:日报|晚报|晨报|早报|时报|商报|快报|都市报|电视台|电台|融媒体中心|传媒中心|新闻网|客户端))(.{2,4})"
)


def cut_word(word: str, joint: Joint, start: int, end: int, out: list[Token], has_more: bool) -> None:
    """Cut one word and add its tokens to `out`."""

    def add(kind: Kind, part: str, role: RoleWord | None = None) -> None:
        nonlocal joint
        out.append(Token(kind, part, joint, start, end, role))
        joint = ""

    if len(word) > _LONGEST_WORD:
        add("other", word)
    elif word in ROLES:
        add("role", word, ROLES[word])
    elif word in TITLES_ALONE:
        add("title", word)
    elif word in names.FILLERS or word in names.NOBODY:
        return
    elif names.is_code(word):
        if joint == ":" and out and out[-1].kind == "word":
            out.pop()  # 电话：… is about nobody.
    elif len(word) == 1:
        add("word", word)
    elif provided := _PROVIDED.fullmatch(word):
        # As a label the word keeps off the names before it.
        add("role", "提供", ROLES["提供"])
        joint = ":"
        cut_word(provided[1], joint, start, end, out, has_more)
    elif word[-1].isdigit() and (code := _NAME_AND_CODE.fullmatch(word)):
        add("word", code[1])
    elif title := TITLE.search(word):
        if title.end() - title.start() == len(word):
            add("title", word)
            return
        before, after = word[: title.start()], word[title.end() :]
        found = title[0]
        if not before and out and out[-1].kind == "title" and joint == "" and (split := _split_group(found)):
            add("word", split[0])
            found = split[1]
        elif before:
            for kind, part in _before_title(before, out, bool(after) or has_more):
                add(kind, part, ROLES.get(part) if kind == "role" else None)
        add("title", found)
        if after:
            cut_word(after, "", start, end, out, has_more)
    elif is_organization(word) and not _is_name_with_role(word):
        add("organization", word)
    elif word[-1] in "讯电" and is_organization(word[:-1]):
        return  # 本报讯 opens a dateline, it is nobody's affiliation.
    elif _FILED_FROM.fullmatch(word):
        return
    elif word[-1] == "发" and is_organization(word[:-1]):
        add("organization", word[:-1])
        add("issue", "发")
    elif role := _role_at_end(word):
        rest = word[: -len(role)]
        if ROLES[role].roles == ("provider",) and len(rest) > 1 and not names.is_plain_name(rest):
            add("organization" if may_give(rest) else "other", rest)
        elif role.endswith("报道") and out and len(rest) < 5 and not names.is_plain_name(rest):
            pass  # 北京报道 says where, not who.
        else:
            cut_word(rest, joint, start, end, out, True)
        joint = ""
        add("role", role, ROLES[role])
    elif role := _role_at_start(word):
        add("role", role, ROLES[role])
        add("word", word[len(role) :])
    elif (split := split_agency(word)) and names.is_plain_name(split[1]):
        add("organization", split[0])
        add("word", split[1])
    elif (pair := _UNLISTED_MEDIUM.fullmatch(word)) and names.is_plain_name(pair[2]):
        add("organization", pair[1])
        add("word", pair[2])
    elif len(word) > 2 and word[-1] == "等":
        add("word", word[:-1])
    elif len(word) > 4 and (parts := _AND.split(word)) and len(parts) == 2 and all(map(names.is_plain_name, parts)):
        add("word", parts[0])
        joint = ","
        add("word", parts[1])
    elif word in GIVERS:
        add("organization", word)
    else:
        add("word", word)


def _is_name_with_role(word: str) -> bool:
    """Tell 张三图 and the like, which end as an organization does too."""
    return (
        False
        if len(word) > _LONGEST_NAME_WITH_ROLE
        else bool((role := _role_at_end(word)) and names.is_plain_name(word[: -len(role)]))
    )


def _split_group(title: str) -> tuple[str, str] | None:
    """Part a name from the reporting group that sticks to it: 张三县委报道组, met only behind another title."""
    for length in (3, 2):
        name, group = title[:length], title[length:]
        if names.is_plain_name(name) and group[:2] in ("市委", "县委", "区委", "省委") and GROUP_TITLE.fullmatch(group):
            return name, group
    return None


def _before_title(before: str, out: list[Token], has_more: bool) -> list[tuple[Kind, str]]:
    """Say what stands glued before a title: an organization, or the name that closes what came before."""
    if before in ROLES:
        return [("role", before)]
    if is_organization(before):
        return [("organization", before)]
    after_title = bool(out) and out[-1].kind in ("title", "role")
    if after_title and out[-1].kind == "title":
        for length in (4, 3, 2):
            name, organization = before[:length], before[length:]
            if names.is_name(name) and (not organization or is_medium(organization)):
                return [("word", name), ("organization", organization)] if organization else [("word", name)]
    if not has_more and names.is_plain_name(before):
        return [("word", before)]
    if len(before) > _LONGEST_GLUED_ORGANIZATION or not names.may_name(before):
        return [("other", before)]
    if role := _role_at_start(before, is_name_needed=False):
        return [("role", role), ("organization", before[len(role) :])]
    if after_title and out[-1].kind == "title" and names.runs_together(before):
        return [("word", before)]
    return [("organization", before)]


def _role_at_end(word: str) -> str | None:
    for length in range(min(LONGEST_GLUED_ROLE, len(word) - 1), 0, -1):
        ending = word[-length:]
        # In 阮航摄 it is the name that ends in 航.
        is_name = ending[-1] == "摄" and length == 2 == len(word) - 1 and word[0] in names.SURNAMES
        if ending in ROLES_AFTER_NAMES and not is_name:
            return ending
    rest = word[:-1]
    shortest = 2 if word[-1] == "图" and rest[-1] not in _BEFORE_TU_IN_NAMES else 3
    if word[-1] in _DOUBTFUL_ENDINGS and names.is_plain_name(rest) and len(rest) >= shortest:
        return word[-1] if rest[0] in names.COMMON_SURNAMES else None
    return None


def _role_at_start(word: str, is_name_needed: bool = True) -> str | None:
    for length in range(min(LONGEST_GLUED_ROLE, len(word) - 2), 1, -1):
        if word[:length] in ROLES_BEFORE_NAMES:
            rest = word[length:]
            if names.is_plain_name(rest) if is_name_needed else is_organization(rest):
                return word[:length]
    return None
