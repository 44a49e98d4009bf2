"""A page as a parser sees it."""

import json
from html.parser import HTMLParser
from typing import Any

VOID = {"meta", "link", "br", "img", "input", "hr"}


class Page(HTMLParser):
    """Elements, text of each section, and the figures of a report.

    elements: (tag, attributes) in order; within: the section of each, empty outside of all.
    sections: id to its text. figures: key to figure.
    open_elements: what was not closed, empty for a sound page.
    """

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.within: list[str] = []
        self.sections: dict[str, str] = {}
        self.text = ""
        self.figures: dict[str, Any] = {}
        self.open_elements: list[tuple[str, str]] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.elements.append((tag, attributes))
        self.within.append(next((i for t, i in self.open_elements if t == "section"), ""))
        if tag not in VOID:
            self.open_elements.append((tag, attributes.get("id") or ""))

    def handle_endtag(self, tag: str) -> None:
        opened, _ = self.open_elements.pop()
        assert opened == tag

    def handle_data(self, data: str) -> None:
        innermost = self.open_elements[-1] if self.open_elements else ("", "")
        if innermost == ("script", "figures"):
            self.figures = json.loads(data)
        if innermost[0] in ("script", "style"):
            return
        self.text += data
        for tag, identity in self.open_elements:
            if tag == "section":
                self.sections[identity] = self.sections.get(identity, "") + data

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.elements)

    def kinds(self, section: str, tag: str) -> list[str]:
        """Return the classes of a section's elements of one tag."""
        return [
            " ".join(str(attributes.get("class") or "").split())
            for (name, attributes), within in zip(self.elements, self.within, strict=True)
            if name == tag and within == section
        ]
