"""The numbered steps of README.md, for a test that carries them out."""

import re
import shlex
from urllib.parse import urlsplit

from tests.browser.demo import ROOT, Demo


class Step:
    """One step. A test asks it for each name that it uses; at the end, no name of the text may be left."""

    def __init__(self, number: int, text: str) -> None:
        self.number = number
        self.text = text
        self._left = {*re.findall(r"\*([^*]+)\*", text), *re.findall(r"`([^`]+)`", text), *_addresses(text)}
        self._all = set(self._left)

    def name(self, name: str) -> str:
        """Return ``name``, which the step must contain in italics: a button, a link, a page."""
        assert name in self._all, f"Step {self.number} of the README doesn't name “{name}”: {self.text}"
        self._left.discard(name)
        return name

    def address(self, demo: Demo, address: str) -> str:
        """Return where ``address``, which the step must contain, is in ``demo``."""
        path = urlsplit(self.name(address)).path
        return {":8000": demo.portal, ":8001": demo.sandbox}[re.search(r":\d+", address)[0]] + path  # type: ignore[index]

    def demo_options(self) -> list[str]:
        """Return the options of the `make demo ARGS="…"` in the step."""
        command = next(name for name in self._all if name.startswith("make demo"))
        arguments = dict(word.split("=", 1) for word in shlex.split(self.name(command)) if "=" in word)
        return shlex.split(arguments["ARGS"])

    def finish(self) -> None:
        """Fail if the step has a name that the test did not use."""
        assert not self._left, f"Step {self.number} of the README was not carried out: {sorted(self._left)}"


def steps() -> list[Step]:
    """Return the steps under "Five minutes", in order."""
    chapter = (ROOT / "README.md").read_text().split("\n## Five minutes\n")[1].split("\n## ")[0]
    texts = re.findall(r"^\d+\. (.*(?:\n {3}.*)*)", chapter, re.MULTILINE)
    return [Step(number, " ".join(text.split())) for number, text in enumerate(texts, start=1)]


def _addresses(text: str) -> list[str]:
    return [address.rstrip(".,)") for address in re.findall(r"https?://[^\s)]+", text)]
