"""The site: guides, notebooks as they are committed, and API pages from the docstrings.

Build it with `sphinx-build -W -b html notebooks FOLDER`.
"""

import re
import sys
from operator import methodcaller
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxRole

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from autograd import __version__

project = "pullback"
author = "the pullback authors"
copyright = f"2026, {author}"
version = release = __version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
]
exclude_patterns = ["**/.ipynb_checkpoints"]

napoleon_use_ivar = True  # attributes that are properties, too, have entries of their own
nb_execution_mode = "off"  # tests/test_notebooks.py runs them, and compares
myst_enable_extensions = ["amsmath", "dollarmath"]
myst_heading_anchors = 3
myst_heading_slug_func = methodcaller("replace", " ", "-")  # Jupyter's own anchors

default_role = "name"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_type_aliases = {
    name: name for name in ("Array", "ArrayLike", "DTypeLike", "Data", "Metrics")
}
add_module_names = False
toc_object_entries_show_parents = "hide"
maximum_signature_line_length = 60  # longer ones take a line for each parameter

html_theme = "furo"
html_title = f"pullback {version}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
pygments_dark_style = "github-dark"

PICTURE = re.compile(
    r'<picture>\s*<source [^>]*srcset="(?P<dark>[^"]+)">'
    r'\s*<img src="(?P<light>[^"]+)" alt="(?P<alt>[^"]+)">\s*</picture>'
)


def follow_the_theme(_app: Sphinx, _document: str, source: list[str]) -> None:
    """Show the picture of the reader's theme, which need not be that of the browser."""
    source[0] = PICTURE.sub(
        lambda found: "\n\n".join(
            f"````{{container}} picture only-{theme}\n"
            f"```{{image}} {found[theme]}\n:alt: {found['alt']}\n```\n````"
            for theme in ("light", "dark")
        ),
        source[0],
    )


class Name(SphinxRole):
    """`text` in a docstring: code, as in Markdown, and a link where it is the name of a class."""

    CLASS = re.compile(r"(\w+\.)*[A-Z]\w*[a-z]\w*(\.\w+)?")

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        shown = nodes.literal(self.rawtext, self.text)
        if not self.CLASS.fullmatch(self.text):
            return [shown], []
        link = addnodes.pending_xref(
            "", shown, refdomain="py", reftype="obj", reftarget=self.text, refspecific=True
        )
        return [link], []


def hide_colons(_app: Sphinx, what: str, *others: Any) -> None:
    """Hide colons that Napoleon would take for those after a type.

    They are in code, in the first line of a property, and in that of a returned value.
    """
    not_after_a_type = r"`[^`\n]+`|(?<=^Returns:\n) .*"
    if what in ("attribute", "property"):
        not_after_a_type += r"|\A.*"
    text = "\n".join(others[-1])
    others[-1][:] = re.sub(
        not_after_a_type, lambda found: found[0].replace(":", "\N{RATIO}"), text, flags=re.MULTILINE
    ).split("\n")


def show_colons(*details: Any) -> None:
    """Show them again."""
    details[-1][:] = [line.replace("\N{RATIO}", ":") for line in details[-1]]


def name_aliases(*details: Any) -> tuple[str | None, ...]:
    """Show type aliases by their names, which Sphinx forgets in unions."""
    alias = re.compile(r"TypeAliasForwardRef\('(\w+)'\)")
    return tuple(text and alias.sub(r"\1", text) for text in details[-2:])


def setup(app: Sphinx) -> None:
    """Connect what this site adds to Sphinx."""
    app.add_role("name", Name())
    app.connect("source-read", follow_the_theme)
    app.connect("autodoc-process-signature", name_aliases)
    app.connect("autodoc-process-docstring", hide_colons, priority=400)
    app.connect("autodoc-process-docstring", show_colons, priority=600)
