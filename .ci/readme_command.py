"""Print the N-th ```sh block under `## Quick start` of the README."""

import re
import sys
from pathlib import Path

readme = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
section = re.search(r"^## Quick start\b(.*?)(?=^## |\Z)", readme, re.M | re.S)
blocks = re.findall(r"^```sh\n(.*?)^```", section.group(1) if section else "", re.M | re.S)
number = int(sys.argv[1])
if len(blocks) < number:
    sys.exit(f"README.md: '## Quick start' has {len(blocks)} sh blocks, block {number} is missing")
print(blocks[number - 1].strip())
