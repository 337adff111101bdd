"""The e-papers of the house, by the first label of their host: zjrb.zjol.com.cn is 浙江日报."""

from __future__ import annotations

PAPERS = {
    "zjrb": "浙江日报",
    "qjwb": "钱江晚报",
    "jrzb": "今日早报",
    "msb": "美术报",
    "zjlnb": "浙江老年报",
}


def paper_name(host: str) -> str | None:
    """Give the name of the paper whose e-paper stands on a host; None for a host that has none."""
    return PAPERS.get(host.partition(".")[0].lower())
