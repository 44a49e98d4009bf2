"""Pages that mkdocs is given besides docs/, and links that leave docs/.

mkdocs calls the functions whose names begin with `on_` (mkdocs.yml, `hooks`).
"""

import inspect
import re
from importlib import import_module
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from nbconvert import MarkdownExporter

from scripts.reference_pages import generated_pages

ROOT = Path(__file__).parents[1]
QUOTE = re.compile(r"^::: ([\w.]+)$", re.MULTILINE)
"""A module, whose docstring is to stand here, or a tuple of sentences."""
LINK = re.compile(r"\[([^\]]*)\]\(([^)#\s]+)(#[^)]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages."""
    pages: dict[str, str | bytes] = {**generated_pages(), **notebook()}
    for path, made in pages.items():
        files.append(File.generated(config, path, content=made))
    return files


def notebook() -> dict[str, str | bytes]:
    """Return the page of docs/notebook.ipynb as it is kept, and its pictures, by path."""
    exporter = MarkdownExporter()
    text, resources = exporter.from_filename(str(ROOT / "docs/notebook.ipynb"))
    note = "This page is a notebook: [notebook.ipynb](notebook.ipynb)."
    title, _, below = text.partition("\n\n")
    return {"notebook.md": f"{title}\n\n{note}\n\n{below}", **resources["outputs"]}


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Return a page whose links stay within the site, and that quotes the code where it says so."""
    return LINK.sub(_within_site, QUOTE.sub(_quoted, markdown))


def _quoted(line: re.Match[str]) -> str:
    module, _, name = line[1].rpartition(".")
    if name.isupper():
        return "\n".join(f"- {sentence}" for sentence in getattr(import_module(module), name))
    return (inspect.getdoc(import_module(line[1])) or "").replace("*", "\\*")


def _within_site(link: re.Match[str]) -> str:
    """Return a link to another page, or the name of a file that the site does not have."""
    text, target, anchor = link[1], link[2], link[3] or ""
    if target.endswith("rtl/README.md"):
        return f"[{text}](rtl.md{anchor})"
    if target.startswith("../docs/"):
        return f"[{text}]({target.removeprefix('../docs/')}{anchor})"
    if target.startswith("../"):
        return f"`{target.removeprefix('../')}`"
    return link[0]
