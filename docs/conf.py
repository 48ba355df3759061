"""Sphinx configuration. `make docs` builds the site without a network."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import stcrm_pandas

sys.path.insert(0, str(Path(__file__).parent))
from run_notebooks import run_notebooks

HERE = Path(__file__).parent

project = "stcrm-pandas"
author = "the stcrm-pandas developers"
project_copyright = author
version = release = stcrm_pandas.__version__

extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.viewcode",
]
exclude_patterns = ["_build"]
default_role = "code"  # `name` in a docstring is code
add_module_names = False

# Markdown pages. `run_notebooks` below runs the notebooks before Sphinx reads them.
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
nb_execution_mode = "off"
nb_merge_streams = True

autodoc_typehints = "none"  # the docstrings name the types
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

html_theme = "pydata_sphinx_theme"
html_title = "stcrm-pandas"
html_static_path = ["_static", "notebooks/_static"]
html_css_files = ["site.css"]
html_theme_options = {
    "navigation_with_keys": False,
    "show_toc_level": 2,
    "navbar_align": "left",
    "header_links_before_dropdown": 6,  # the last one is the API reference
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
# Pages of one level need no section navigation.
SINGLE = ("index", "getting_started", "installation", "architecture", "contributing", "security", "changelog")
html_sidebars: dict[str, list[str]] = {page: [] for page in SINGLE}
html_show_sourcelink = False
html_copy_source = False

run_notebooks(HERE.parent / "notebooks", HERE / "notebooks", run=os.environ.get("STCRM_DOCS_NOTEBOOKS", "1") == "1")
