"""Scrapy settings, polite by default: this is somebody else's server."""

from __future__ import annotations

from importlib.metadata import version

BOT_NAME = "zjol-crawler"
SPIDER_MODULES = ["zjol_crawler.spiders"]
NEWSPIDER_MODULE = "zjol_crawler.spiders"

# Who is asking, and where to complain: set it to a page of yours. It goes into the user agent.
ZJOL_CONTACT = "https://github.com/zjol-crawler/zjol-crawler"
USER_AGENT = f"zjol-crawler/{version('zjol-crawler')} (+{ZJOL_CONTACT})"

ROBOTSTXT_OBEY = True
CONCURRENT_REQUESTS = 32
# Tasks for what one response yields: Scrapy makes as many for each, however little there is; most yield one item.
CONCURRENT_ITEMS = 4
# Bytes of pages that may be under way to the database, half of them being stored while the others gather.
SCRAPER_SLOT_MAX_ACTIVE_SIZE = 10_000_000
CONCURRENT_REQUESTS_PER_DOMAIN = 1
# The shortest delay; the jitter, and a host that answers slowly, only make it longer.
DOWNLOADER = "zjol_crawler.frontier.pace.PoliteDownloader"
DOWNLOAD_DELAY = 1.0
DOWNLOAD_DELAY_JITTER = 0.5
AUTOTHROTTLE_ENABLED = True
AUTOTHROTTLE_START_DELAY = 1.0
AUTOTHROTTLE_TARGET_CONCURRENCY = 1.0
AUTOTHROTTLE_MAX_DELAY = 60.0

DOWNLOAD_HANDLERS = dict.fromkeys(("http", "https"), "zjol_crawler.download_handler.PatientDownloadHandler")
DOWNLOAD_TIMEOUT = 60
DOWNLOAD_MAXSIZE = 20 * 1024 * 1024
DOWNLOAD_WARNSIZE = 0
RETRY_TIMES = 2
REDIRECT_MAX_TIMES = 8
COOKIES_ENABLED = False
TELNETCONSOLE_ENABLED = False
# Scrapy's door for commands to a running crawl, open by default.
REMOTE_CONTROL_ENABLED = False
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.5",
    "Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5",
}

TWISTED_DNS_RESOLVER = "zjol_crawler.resolver.PublicResolver"
DOWNLOADER_MIDDLEWARES = {
    "zjol_crawler.politeness.SiteOnlyMiddleware": 50,
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "zjol_crawler.politeness.RobotsMiddleware": 100,
    # The site asks for no password.
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
    "scrapy.downloadermiddlewares.redirect.MetaRefreshMiddleware": None,
    "zjol_crawler.redirects.MarkedMetaRefreshMiddleware": 580,
    "zjol_crawler.politeness.HostHealthMiddleware": 980,
    # Nearest to the network: after every other request middleware, before any other response middleware.
    "zjol_crawler.archiving.ArchiveMiddleware": 990,
}
# Each costs every response a generator: the ledger has its own limit for addresses, which tells of what it leaves out;
# how deep in the lists a page was found is of no use here; the last watches for a mistake in spiders.
SPIDER_MIDDLEWARES = {
    "scrapy.spidermiddlewares.urllength.UrlLengthMiddleware": None,
    "scrapy.spidermiddlewares.depth.DepthMiddleware": None,
    "scrapy.spidermiddlewares.metacopy.MetaCopyDetectionMiddleware": None,
}
EXTENSIONS = {"zjol_crawler.limits.RunLimits": 500}
ITEM_PIPELINES = {
    "pipelines.item_pipelines.ExtractPipeline": 100,
    "pipelines.item_pipelines.StorePipeline": 200,
}
# Extraction, storing and archiving in a process of their own, so that the crawl's is free to fetch.
ZJOL_BACKGROUND = "process"
TWISTED_REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"
LOG_LEVEL = "WARNING"
# Log each failed request as Scrapy does, beside its rejection.
ZJOL_LOG_FAILURES = False
