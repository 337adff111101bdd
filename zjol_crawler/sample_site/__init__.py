"""The sample site: invented news in the dress of two generations, served on loopback under the real host names.

`python -m zjol_crawler.sample_site` serves it for a browser: set its proxy to the address printed.
"""

from zjol_crawler.sample_site.server import SampleSite

__all__ = ["SampleSite"]
