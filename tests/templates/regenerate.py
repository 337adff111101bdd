"""Rewrite the gold records, or the pinned figures, from what the extraction gives today.

python -m tests.templates.regenerate              every gold record, for a person to review with `git diff`
python -m tests.templates.regenerate trs-2016/04  those whose name starts so
python -m tests.templates.regenerate --pin        the figures of quality.toml; never lowers one: that is done by hand
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from tests.templates.fixtures import PINS, comparable_fields, corpus_digest, exact_figures, load_fixtures, load_pins


def rewrite_gold(prefixes: Sequence[str]) -> int:
    """Write the extracted records over the gold of the fixtures named; return the number of files changed."""
    chosen = [f for f in load_fixtures() if not prefixes or f.name.startswith(tuple(prefixes))]
    if not chosen:
        raise SystemExit(f"no fixture's name starts with {' or '.join(prefixes)}: see pages.toml")
    changed = 0
    for fixture in chosen:
        gold, record = fixture.gold(), fixture.extracted()
        fields = [key for key in {**gold, **record} if gold.get(key, ...) != record.get(key, ...)]
        if "detail" in fields and "reason" not in fields and "detail" not in comparable_fields(gold):
            fields.remove("detail")
        if fields:
            changed += 1
            print(f"{fixture.name}: {', '.join(fields)}")
            text = json.dumps(record, ensure_ascii=False, indent=2)
            fixture.gold_path.write_text(text + "\n", encoding="utf-8")
    print(f"{changed} of {len(chosen)} gold records rewritten; review them with: git diff tests/templates")
    return changed


def pin_figures() -> None:
    """Write today's figures and the corpus digest to quality.toml.

    Raises:
        SystemExit: a share of exact fields would fall below the pinned one.
    """
    figures = exact_figures()
    pinned = load_pins()["exact"] if PINS.exists() else {}
    for folder, now in figures.items():
        before = pinned.get(folder)
        if before and now["fields_exact"] * before["fields"] < before["fields_exact"] * now["fields"]:
            raise SystemExit(
                f"{folder}: {now['fields_exact']} of {now['fields']} fields exact is less than the pinned "
                f"{before['fields_exact']} of {before['fields']}; mend the extraction, or lower quality.toml by hand"
            )
    lines = [
        "# Exact records and fields of the fixtures, a folder; `digest` is the SHA-256 of the pages and gold measured.",
        "# Raise with: python -m tests.templates.regenerate --pin. Lowering a figure is an edit by hand.",
        f'digest = "{corpus_digest()}"',
        "",
        "[exact]",
    ]
    lines += [
        f"{folder} = {{ {', '.join(f'{key} = {value}' for key, value in row.items())} }}"
        for folder, row in figures.items()
    ]
    PINS.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines[5:]))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status is 0."""
    assert __doc__ is not None
    parser = argparse.ArgumentParser(
        prog="python -m tests.templates.regenerate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("prefix", nargs="*", help="start of the names of the fixtures to rewrite")
    parser.add_argument("--pin", action="store_true", help="write the figures instead of the gold")
    options = parser.parse_args(arguments)
    if options.pin:
        pin_figures()
    else:
        rewrite_gold(options.prefix)
    return 0


if __name__ == "__main__":
    sys.exit(main())
