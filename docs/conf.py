"""How the documentation site is built: `make docs`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
KERNELS = (
    TemporaryDirectory()
)  # the pages' kernels read no settings of whoever builds, and keep still
PROFILE = Path(KERNELS.name) / "profile_default"
PROFILE.mkdir()
(PROFILE / "ipython_kernel_config.json").write_text('{"IPKernelApp": {"log_level": 40}}')
os.environ["IPYTHONDIR"] = KERNELS.name
os.environ["PYTHONSTARTUP"] = str(HERE / "making" / "startup.py")  # read by the pages' kernels
os.environ["PYTHONPATH"] = os.pathsep.join(
    filter(None, [str(HERE.parent), os.environ.get("PYTHONPATH")])
)

import bayes_glmm  # noqa: E402

bayes_glmm.Family.__name__ = "Family"  # else autodoc calls it an alias and says no more

project = "bayes_glmm"
author = copyright = "the bayes_glmm developers"
version = release = bayes_glmm.__version__
extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "myst_nb",
    "making.mathml",
    "making.pages",
]
exclude_patterns = ["making", "made/parts"]
templates_path = ["templates"]
root_doc = "index"
language = "en"

nitpicky = True
smartquotes = False  # --option is no dash

html_theme = "furo"
html_title = f"bayes_glmm {version}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_math_renderer = "mathml"
html_copy_source = False
html_show_sphinx = False
pygments_style = "default"

autosummary_generate = True
autosummary_imported_members = True
autodoc_typehints = "none"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_attributes_as_param_list = True
numpydoc_xref_param_type = False

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
myst_update_mathjax = False
nb_execution_mode = "force"
nb_execution_in_temp = True
nb_execution_timeout = 900
nb_execution_show_tb = True
nb_merge_streams = True
