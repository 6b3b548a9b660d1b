"""The documentation as a static site: docs/ and what stands beside it, with the pages that are made
from the programs, by mkdocs. Nothing on it comes from elsewhere when it is read."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from contracts import ROOT

# By its place on the site, what stands elsewhere in the tree.
ELSEWHERE = {
    "readme.md": "README.md",
    "architecture.md": "ARCHITECTURE.md",
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
    "clients/typescript.md": "clients/typescript/README.md",
}
_LINK = re.compile(r"(!?)\[([^\]]+)\]\(([^)#\s]+)(#[^)\s]*)?\)")


def sources() -> dict[str, Path]:
    """The site's files by their place on it."""
    files = {
        str(path.relative_to(ROOT / "docs")): path
        for path in (ROOT / "docs").rglob("*")
        if path.is_file() and path.suffix in (".md", ".json")
    }
    return files | {place: ROOT / name for place, name in ELSEWHERE.items()}


def with_links(text: str, source: Path, place: str, places: dict[Path, str]) -> str:
    """Links to what is on the site lead to its place there; of others the words remain."""

    def replace(match: re.Match) -> str:
        picture, words, target, anchor = match[1], match[2], match[3], match[4] or ""
        if "://" in target:
            return match[0]
        found = places.get((source.parent / target).resolve())
        if found is None:
            return words
        relative = os.path.relpath(found, Path(place).parent)
        return f"{picture}[{words}]({relative}{anchor})"

    return _LINK.sub(replace, text)


def build(write_pages: Callable[[Path], None], home: Path, out: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "docs"
        write_pages(folder / "reference")
        files = sources()
        places = {path.resolve(): place for place, path in files.items()}
        places |= {
            ROOT / "docs" / path.relative_to(folder): str(path.relative_to(folder))
            for path in folder.rglob("*.md")
        }
        for place, path in files.items():
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            if path.suffix == ".md":
                (folder / place).write_text(with_links(path.read_text(), path, place, places))
            else:
                shutil.copy(path, folder / place)
        config = Path(scratch) / "mkdocs.yml"
        config.write_text((ROOT / "docs/site.yml").read_text())
        environment = {**os.environ, "PYTHONPATH": str(home)}
        command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]
        subprocess.run(
            [*command, f"--config-file={config}", f"--site-dir={out}"], env=environment, check=True
        )
