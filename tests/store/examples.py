"""Invented articles that use every corner of the record."""

from pipelines.record import Article, Block, Breadcrumb, Credit, Dateline, Image, Person

SITE = Breadcrumb(name="浙江在线", url="http://www.zjol.com.cn/")
NEWS = Breadcrumb(name="浙江新闻", url="http://zjnews.zjol.com.cn/")
LATEST = Breadcrumb(name="最新突发", url="http://zjnews.zjol.com.cn/zjnews/zjxw/")


def harbour(**changes) -> Article:
    """An article with all parts: two pages, three pictures, people in every list."""
    base = "http://zjnews.zjol.com.cn/zjnews/zjxw/201610/t20161001_2000001"
    text = ["浙江在线10月1日讯(浙江在线记者/林知远 编辑/沈若溪)清晨,渔港醒来。", "码头上的秤", "“今年的鱼好。”老陈说。"]
    fields = {
        "url": f"{base}.shtml",
        "canonical_url": f"https{base[4:]}.shtml",
        "article_id": "t20161001_2000001",
        "template": "trs-2016",
        "encoding": "gb18030",
        "kicker": "海岛一日(二)",
        "headline": "渔港醒来 “蓝色粮仓”添新船",
        "subheadline": "十二个小时的等待",
        "date_published": "2016-10-01T18:21:04+08:00",
        "source": "浙江在线",
        "byline": "记者 林知远",
        "authors": [
            Person(name="林知远", title="记者", affiliation="浙江在线", role="author"),
            Person(name="古丽·买买提", title="通讯员", role="author"),
        ],
        "photographers": [Person(name="林知远", title="记者", affiliation="浙江在线", role="photographer")],
        "editors": [
            Person(name="沈若溪", role="responsible_editor"),
            Person(name="王艺森", role="proofreader"),
        ],
        "contributors": [Person(name="贺一航", role="designer"), Person(name="𠮷野", role="translator")],
        "breadcrumbs": [SITE, NEWS, Breadcrumb(name="原创新闻"), LATEST],
        "section": "最新突发",
        "abstract": "渔港的一天从凌晨四点开始。",
        "editors_note": "海岛一日,\n我们在路上。",
        "dateline": Dateline(
            raw="浙江在线10月1日讯(浙江在线记者/林知远 编辑/沈若溪)",
            organization="浙江在线",
            place="舟山",
            date="2016-10-01",
            people=[
                Person(name="林知远", title="记者", affiliation="浙江在线", role="author"),
                Person(name="沈若溪", role="editor"),
            ],
        ),
        "body": [
            Block(type="image", image=0),
            Block(type="paragraph", text=text[0]),
            Block(type="heading", text=text[1]),
            Block(type="image", image=1),
            Block(type="image", image=2),
            Block(type="paragraph", text=text[2]),
        ],
        "article_body": "\n".join(text),
        "images": [
            Image(
                url="http://img.zjol.com.cn/mlf/dzw/zjxw/201610/W020161001000000000001.jpg",
                caption="清晨的渔港。",
                credit=Credit(
                    raw="浙江日报记者 周以宁/摄",
                    people=[Person(name="周以宁", title="记者", affiliation="浙江日报", role="photographer")],
                ),
            ),
            Image(url="http://img.zjol.com.cn/2.jpg", credit=Credit(raw="视觉中国供图", organization="视觉中国")),
            Image(url="http://img.zjol.com.cn/3.jpg"),
        ],
        "keywords": ["渔港", "蓝色粮仓", "G20"],
        "copyright_notice": "凡注有“浙江在线”的稿件,\n均为独家。",
        "page_urls": [f"{base}.shtml", f"{base}_1.shtml"],
        "page_count": 3,
    }
    return Article(**{**fields, **changes})


def market(**changes) -> Article:
    """An article with the least a record may have."""
    url = "http://zjnews.zjol.com.cn/system/2006/05/12/006000001.shtml"
    fields = {
        "url": url,
        "canonical_url": "https://zjnews.zjol.com.cn/system/2006/05/12/006000001.shtml",
        "article_id": "system/2006/05/12/006000001",
        "template": "cms-2004",
        "encoding": "utf-8",
        "headline": "早市搬家",
        "date_published": "2006-05-12",
        "body": [Block(type="paragraph", text="早市搬到了河对岸。")],
        "article_body": "早市搬到了河对岸。",
        "page_urls": [url],
    }
    return Article(**{**fields, **changes})


def front_page(**changes) -> Article:
    """An e-paper's article: no breadcrumbs, its section is the page's name."""
    url = "http://zjrb.zjol.com.cn/html/2016-10/02/content_3000001.htm?div=-1"
    fields = {
        "url": url,
        "canonical_url": "https://zjrb.zjol.com.cn/html/2016-10/02/content_3000001.htm",
        "article_id": "zjrb/2016-10-02/3000001",
        "template": "epaper",
        "encoding": "utf-8",
        "headline": "丰收节里看丰收",
        "date_published": "2016-10-02",
        "source": "浙江日报",
        "authors": [Person(name="周以宁", title="记者", affiliation="本报", role="author")],
        "section": "要闻",
        "body": [
            Block(type="list_item", text="水稻:增产一成"),
            Block(type="table_row", text="县 亩产"),
            Block(type="paragraph", text="稻田边支起了长桌。"),
        ],
        "article_body": "水稻:增产一成\n县 亩产\n稻田边支起了长桌。",
        "keywords": ["丰收", "渔港"],
        "page_urls": [url],
    }
    return Article(**{**fields, **changes})


def all_examples() -> list[Article]:
    return [market(), harbour(), front_page()]
