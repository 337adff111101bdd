"""Every run of a few neighbouring characters of a text, which search and the finding of reposts both count."""

from __future__ import annotations

from array import array

_CODE = "utf-32-le"
_BLANK = ord(" ")


def laid_neighbours(text: str, length: int) -> str:
    """Give every run of `length` characters of a text, in order and parted by blanks; nothing where it is shorter.

    The runs are laid side by side as numbers, in a fraction of the time of making one by one: the run that begins at
    character n begins here at n * (length + 1).
    """
    count = len(text) - length + 1
    if count < 1:
        return ""
    codes = array("I", text.encode(_CODE, "surrogatepass"))
    laid = array("I", [_BLANK]) * (count * (length + 1) - 1)
    for place in range(length):
        laid[place :: length + 1] = codes[place : place + count]
    return laid.tobytes().decode(_CODE, "surrogatepass")
