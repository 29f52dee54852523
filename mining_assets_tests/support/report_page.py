"""A page as a parser sees it: elements with their text, tables, downloads. Nothing of the project's own code."""

import base64
import io
from dataclasses import dataclass, field
from html.parser import HTMLParser

import pandas as pd

VOID = {"meta", "link", "img", "br", "hr", "input"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    children: "list[Element]" = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text in it, its children's too."""
        return " ".join("".join(self.pieces).split())

    def all(self, tag: str) -> "list[Element]":
        """Every element of that name in it, in the order of the page."""
        found = [self] if self.tag == tag else []
        return found + [element for child in self.children for element in child.all(tag)]

    def every(self) -> "list[Element]":
        return [self, *(element for child in self.children for element in child.every())]

    def by_id(self, name: str) -> "Element":
        (found,) = [element for element in self.every() if element.attributes.get("id") == name]
        return found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("#page", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.pieces.append(data)


def read_page(html: str) -> Element:
    """The page as a tree; every element that is opened has to be closed in its turn."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == [reader.root]
    return reader.root


def csv_of(section: Element) -> pd.DataFrame:
    """The CSV that a section offers."""
    (link,) = [link for link in section.all("a") if "download" in link.attributes]
    head, _, body = link.attributes["href"].partition(",")
    assert head == "data:text/csv;charset=utf-8;base64"
    return pd.read_csv(io.BytesIO(base64.b64decode(body)))


def table_of(section: Element) -> pd.DataFrame:
    """The table of a section, as text."""
    (table,) = section.all("table")
    rows = [[cell.text for cell in row.all("td")] for row in table.all("tbody")[0].all("tr")]
    return pd.DataFrame(rows, columns=[heading.text for heading in table.all("th")])


def numbers(cells: "pd.Series[str]") -> "pd.Series[float]":
    """The figures of a table's column; what is unknown is absent."""
    return pd.to_numeric(cells.str.replace(",", "").str.replace("−", "-").replace("unknown", None))
