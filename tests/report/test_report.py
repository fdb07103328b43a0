"""The page is whole, safe, readable by machines, and says what the answers say."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser

import matplotlib as mpl

mpl.use("Agg")

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.errors import ArgumentError
from bayes_glmm.report.render import cells
from bayes_glmm.results.fit import with_info
from tests.canned import bernoulli_tree, binomial_tree, poisson_tree, slope_tree, tree_of

HOSTILE = "<script>alert(1)</script>"
VOID = {"meta", "img", "br", "hr", "link", "input"}


class Page(HTMLParser):
    """Tags, attributes and text of a page; refuses tags that do not nest."""

    def __init__(self, source: str):
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict]] = []
        self.cells: list[list[str]] = []
        self.text = ""
        self.feed(source)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "tr":
            self.cells.append([])
        if tag in ("td", "th"):
            self.cells[-1].append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("td", "th"):
            self.cells[-1][-1] += data
        if "style" not in self.open:
            self.text += data

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture(scope="module")
def poisson(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "fit.html"
    tree = with_info(
        poisson_tree(),
        data_hash="ab" * 32,
        versions={"numpy": "2.5.0"},
        seed=77,
        dropped=["r7", "r9"],
        notes=["Sampled again at target 0.99."],
    )
    assert bg.report(tree, path, title="Do the treated fare better?", per=1000) == path
    return Page(path.read_text("utf-8"))


def test_it_is_one_file_without_network_or_script(poisson):
    assert not poisson.all("script") and not poisson.all("link")
    for attrs in (attrs for _, attrs in poisson.tags):
        assert not {"onclick", "onload", "onerror", "href"} & set(attrs)
    for image in poisson.all("img"):
        assert image["alt"]
        head, _, content = image["src"].partition(",")
        assert head == "data:image/png;base64"
        assert base64.b64decode(content).startswith(b"\x89PNG")
    policy = next(
        m["content"] for m in poisson.all("meta") if "content" in m and "src" in m["content"]
    )
    assert "default-src 'none'" in policy


def test_it_has_every_part(poisson):
    for part in (
        "Do the treated fare better?",
        "events ~ arm + (1 | ward)",
        "log(μᵢ)",
        "2 rows with missing values were left out: r7, r9",
        "Sampled again at target 0.99.",
        "incidence rate ratio",
        "average over the population of groups",
        "typical group (effects of zero)",
        "events per 1000 of days",
        "Levels of ward",
        "HalfStudentT(nu = 4, sigma = 1)",
        "numpy 2.5.0",
        "ab" * 32,
        "77",
    ):
        assert part in poisson.text, part
    assert len(poisson.all("img")) == 6


def test_headings_and_tables_can_be_read_aloud(poisson):
    levels = [int(tag[1]) for tag, _ in poisson.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b - a <= 1 for a, b in zip(levels, levels[1:], strict=False))
    assert len(poisson.all("caption")) == len(poisson.all("table"))
    assert all(th.get("scope") in ("col", "row") for th in poisson.all("th"))
    assert poisson.all("html")[0]["lang"] == "en"
    assert any(m.get("name") == "viewport" for m in poisson.all("meta"))


def test_figures_are_those_of_the_answers(poisson):
    rows = {row[0]: row for row in poisson.cells if row}
    table = bg.comparisons(poisson_tree(), "arm", measure="ratio", per=1000)
    shown = [row for row in poisson.cells if row and row[0] == "arm"]
    assert [float(row[2].replace("−", "-")) for row in shown] == pytest.approx(
        [
            bg.comparisons(poisson_tree(), "arm", per=1000)["mean"].iloc[0],
            table["mean"].iloc[0],
        ],
        rel=5e-3,
    )
    averages = bg.predictions(poisson_tree(), groups="typical", by=True, per=1000)
    typical = rows["typical group (effects of zero)"]
    assert float(typical[1]) == pytest.approx(averages["mean"].iloc[0], rel=5e-3)
    assert rows["whose response"][3:] == ["89 % ETI from", "89 % ETI to"]


def test_text_of_the_data_is_never_markup(tmp_path):
    rng = np.random.default_rng(0)
    levels = [HOSTILE, '"><img src=x>', "{{ 7 * 7 }}", "d", "e", "f"]
    g = np.repeat(levels, 10)
    data = pd.DataFrame({HOSTILE: rng.normal(size=60), "y": rng.poisson(4, 60), "g": g})
    truth = {"intercept": 1.4, "beta": [0.1], "sd_g": [0.3], "u_g": rng.normal(0, 0.3, (6, 1))}
    tree = tree_of(f"y ~ `{HOSTILE}` + (1 | g)", data, truth, family="poisson")
    before = {"name": "separation", "severity": "warning", "message": HOSTILE,
              "rows": [], "figure": None, "threshold": None}  # fmt: skip
    tree = with_info(tree, findings=[before], notes=[HOSTILE], dropped=[HOSTILE])
    page = Page(bg.report(tree, tmp_path / "x.html", title=HOSTILE).read_text("utf-8"))
    assert not page.all("script")
    assert all(image["src"].startswith("data:") for image in page.all("img"))
    assert "{{ 7 * 7 }}" in page.text and "49" not in [c for row in page.cells for c in row]
    assert page.text.count(HOSTILE) > 5


def test_an_unconverged_fit_is_headed_by_a_banner(tmp_path):
    message = "R-hat is 1.9."
    verdict = {"name": "r_hat", "severity": "error", "message": message,
               "rows": [], "figure": 1.9, "threshold": 1.01}  # fmt: skip
    tree = with_info(slope_tree(), converged=False, verdict=[verdict])
    source = bg.report(tree, tmp_path / "x.html").read_text("utf-8")
    assert source.index('role="alert"') < source.index("<h2>")
    assert message in source
    assert "The chains did not converge" in source


def test_identity_links_and_binary_responses_have_their_words(tmp_path):
    slopes = Page(bg.report(slope_tree(), tmp_path / "s.html").read_text("utf-8"))
    assert "identity link the average" in slopes.text
    assert "odds ratio" not in slopes.text and "as ratios" not in slopes.text
    assert sum("Deviations of each person" in i["alt"] for i in slopes.all("img")) == 2
    binary = Page(bg.report(bernoulli_tree(), tmp_path / "b.html").read_text("utf-8"))
    assert "odds ratio" in binary.text and "logit link bends" in binary.text
    assert "share of ones" in binary.text


def test_levels_by_the_thousand_are_counted(tmp_path):
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"y": rng.poisson(4, 600), "g": [f"g{i}" for i in range(300)] * 2})
    truth = {"intercept": 1.4, "sd_g": [0.3], "u_g": rng.normal(0, 0.3, (300, 1))}
    tree = tree_of("y ~ 1 + (1 | g)", data, truth, family="poisson")
    page = Page(bg.report(tree, tmp_path / "x.html").read_text("utf-8"))
    assert "300 levels: too many" in page.text
    assert "What a change does" not in page.text


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(ArgumentError, match="nowhere"):
        bg.report(poisson_tree(), tmp_path / "nowhere" / "x.html")


def test_the_same_fit_gives_the_same_bytes(tmp_path):
    first = bg.report(binomial_tree(), tmp_path / "a.html").read_bytes()
    assert first == bg.report(binomial_tree(), tmp_path / "b.html").read_bytes()


def test_figures_have_the_digits_their_sd_supports():
    table = pd.DataFrame(
        {
            "parameter": ["a", "b", "c"],
            "mean": [250.0317, -0.0041, 12345.6],
            "sd": [0.0489, 0.00071, 310.0],
            "eti89_lb": [249.95, -0.0052, 11840.0],
            "r_hat": [1.00049, 1.0102, np.nan],
        }
    )
    found = cells(table, "x")
    assert found["columns"] == ["parameter", "mean", "sd", "89 % ETI from", "R-hat"]
    assert found["rows"] == [
        ["a", "250.032", "0.049", "249.950", "1.000"],
        ["b", "−0.00410", "0.00071", "−0.00520", "1.010"],
        ["c", "12,346", "310", "11,840", "–"],
    ]


def test_shares_of_variance_are_on_the_page(tmp_path):
    page = Page(bg.report(poisson_tree(), tmp_path / "r.html").read_text("utf-8"))
    table = bg.variance_partition(poisson_tree()).set_index("component")
    row = next(cells for cells in page.cells if cells[0] == "ward" and cells[1] == "random")
    assert float(row[3]) == pytest.approx(table.loc["ward", "mean"], abs=0.01)
    assert "Where the variance comes from" in page.text


@pytest.mark.slow
def test_categories_and_formulas_of_other_parameters_have_their_page(tmp_path):
    from tests.families.test_ordinal import table
    from tests.graph.support import table as counts

    ordinal = tree_of(
        "y ~ x + (1 | g)", table(),
        {"threshold": [-1.0, 0.2, 1.3], "beta": [0.5], "sd_g": [0.8], "u_g": np.zeros((6, 1))},
        family="cumulative",
    )  # fmt: skip
    page = Page(bg.report(ordinal, tmp_path / "ordinal.html").read_text("utf-8"))
    assert "4 categories cut by thresholds on the logit link" in page.text
    assert any("worst" in row for row in page.cells)
    zeros = tree_of(
        {"mu": "y ~ x + (1 | a)", "zi": "~ z + (1 | b)"}, counts("zero_inflated_poisson"),
        {"intercept": 1.0, "beta": [0.5], "sd_a": [0.6], "u_a": np.zeros((4, 1)),
         "intercept_zi": -1.0, "beta_zi": [0.4], "sd_zi_b": [0.8], "u_zi_b": np.zeros((3, 1))},
        family="zero_inflated_poisson",
    )  # fmt: skip
    page = Page(bg.report(zeros, tmp_path / "zeros.html").read_text("utf-8"))
    assert "zi has a formula of its own, on the logit link: z." in page.text
    assert "logit(ziᵢ) = α_zi + β_zi[z]·zᵢ + u[zi_b, intercept]" in page.text


def test_meta_analyses_show_their_studies(tmp_path):
    from tests.answers.test_meta import network_tree, trials_tree
    from tests.families.test_conditional import pair_tree

    for tree, images in ((trials_tree(), 1), (network_tree(), 2), (pair_tree()[0], 1)):
        page = Page(bg.report(tree, tmp_path / "fit.html").read_text("utf-8"))
        assert "What each study says, and all together" in page.text
        named = [i["alt"] for i in page.all("img") if i["alt"].startswith(("Forest", "treatment:"))]
        assert len(named) == images
        assert "new study" in page.text
