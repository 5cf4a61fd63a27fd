"""MkDocs hooks: publish documents that live beside the code, and keep the site free of third-party requests.

`extra.documents` in mkdocs.yml lists those documents. Links in all pages are written for the repository. A link to
another page of the site is rewritten; a link to a file that isn't on the site becomes plain text.
"""

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
#: What a browser would fetch from another host while it shows a page.
EXTERNAL = re.compile(
    r"<(?:script|img|iframe|source|video|audio)\b[^>]*\bsrc=[\"']?(?:https?:)?//[^\s\"'>]+"
    r"|<link\b(?=[^>]*\brel=[\"']?(?:stylesheet|preconnect|preload|icon|manifest))[^>]*\bhref=[\"']?(?:https?:)?//[^\s\"'>]+"
)


def on_files(files: Any, *, config: Any) -> Any:
    """Add the documents as pages."""
    for source, page in config.extra["documents"].items():
        files.append(File.generated(config, page, content=(ROOT / source).read_text()))
    return files


def on_page_markdown(markdown: str, *, page: Any, config: Any, files: Any) -> str:
    """Rewrite the page's links from the repository's layout to the site's."""
    pages = config.extra["documents"]
    here = page.file.src_uri
    source = {name: path for path, name in pages.items()}.get(here, posixpath.join("docs", here))

    def rewrite(match: re.Match[str]) -> str:
        bang, text, target = match.groups()
        path, hash_sign, anchor = target.partition("#")
        if not path or "://" in target or target.startswith("mailto:"):
            return match.group()
        wanted = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
        if wanted in pages:
            found = pages[wanted]
        elif wanted == "README.md":
            found = "index.md"
        elif wanted.startswith("docs/"):
            found = wanted.removeprefix("docs/")
        else:
            return str(text)
        relative = posixpath.relpath(found, posixpath.dirname(here) or ".")
        return f"{bang}[{text}]({relative}{hash_sign}{anchor})"

    return LINK.sub(rewrite, markdown)


def on_post_build(*, config: Any) -> None:
    """Fail if a page would make the browser ask another host for anything."""
    for page in Path(config.site_dir).rglob("*.html"):
        found = EXTERNAL.search(page.read_text())
        if found:
            raise PluginError(f"{page.name} requests another host: {found.group()}")
