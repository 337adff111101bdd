"""Serve the sample site until interrupted."""

from __future__ import annotations

import argparse
import threading

from zjol_crawler.sample_site import SampleSite


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(description="Serve the sample site as a forward proxy on loopback.")
    parser.add_argument("--port", type=int, default=0, help="the proxy's port; 0 takes a free one")
    with SampleSite(parser.parse_args().port) as site:
        print(f"proxy {site.proxy_url} serves {', '.join(sorted(site.hosts))}; first page {site.channel_urls[0]}")
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
