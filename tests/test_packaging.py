"""The wheel holds everything: installed in a fresh environment, it runs from any folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.slow


def run(*command: object, cwd: Path, **variables: str) -> str:
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, capture_output=True, text=True, check=False,
        env=os.environ | variables,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", folder, cwd=ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel, which borrows the dependencies of this one.

    A folder named in a ``.pth`` file comes after the environment's own and its
    ``.pth`` files are not read, so an editable install there stays out of sight.
    """
    folder = tmp_path_factory.mktemp("clean")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python)
    run(*pip, "install", "--quiet", "--no-deps", "--no-index", wheel, cwd=folder)
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def test_the_wheel_holds_templates_tables_and_types(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = {f"bayes_glmm/model_templates/{p.name}" for p in ROOT.glob("model_templates/*.toml")}
    wanted |= {f"bayes_glmm/datasets/{p.name}" for p in ROOT.glob("bayes_glmm/datasets/*.csv")}
    wanted |= {f"bayes_glmm/explore/page/{p.name}" for p in ROOT.glob("bayes_glmm/explore/page/*")}
    assert len(wanted) >= 8
    assert wanted | {"bayes_glmm/py.typed", "bayes_glmm/datasets/catalogue.toml"} <= names
    assert not {name for name in names if name.split("/")[0] in ("tests", "examples", "native")}


def test_the_wheel_is_of_one_platform_and_every_python(wheel: Path) -> None:
    tag = re.fullmatch(r"bayes_glmm-[^-]+-py3-none-(?P<platform>\w+)\.whl", wheel.name)
    assert tag
    with zipfile.ZipFile(wheel) as files:
        (library,) = [name for name in files.namelist() if "_kernel." in name]
        content = files.read(library)
        assert not [name for name in files.namelist() if name.endswith((".c", ".h"))]
        root_is_pure = files.read(next(n for n in files.namelist() if n.endswith("/WHEEL")))
    assert library.startswith("bayes_glmm/native/")
    assert b"Root-Is-Purelib: false" in root_is_pure
    if tag["platform"].startswith("manylinux_2_17"):
        symbols = re.findall(rb"GLIBC_(\d+)\.(\d+)", content)
        assert all((int(major), int(minor)) <= (2, 17) for major, minor in symbols)


def test_a_wheel_built_from_the_sdist_has_the_same_library(wheel: Path, tmp_path: Path) -> None:
    options = ("--no-isolation", "-o", tmp_path)
    run(sys.executable, "-m", "build", "--sdist", *options, cwd=ROOT)
    (packed,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(packed) as files:
        names = {name.partition("/")[2] for name in files.getnames()}
        files.extractall(tmp_path, filter="data")
    assert {f"native/{path.name}" for path in ROOT.glob("native/*.[ch]")} <= names
    assert "hatch_build.py" in names
    assert not [name for name in names if "_kernel." in name]
    (folder,) = (path for path in tmp_path.iterdir() if path.is_dir())
    run(sys.executable, "-m", "build", "--wheel", *options, cwd=folder, HOME="/nonexistent")
    (again,) = tmp_path.glob("*.whl")
    assert again.name == wheel.name
    assert again.read_bytes() == wheel.read_bytes()


def test_the_installed_library_is_loaded(python: Path, tmp_path: Path) -> None:
    code = "from bayes_glmm.native.library import library, library_file; library(); print(library_file())"
    assert Path(run(python, "-c", code, cwd=tmp_path).strip()).is_relative_to(python.parents[1])


def test_the_installed_package_finds_its_templates_and_tables(python: Path, tmp_path: Path) -> None:
    code = (
        "import bayes_glmm as bg; print(bg.__file__);"
        "print(*bg.templates()['name']); print(*bg.datasets().index)"
    )
    where, templates, tables = run(python, "-c", code, cwd=tmp_path).splitlines()
    assert Path(where).is_relative_to(python.parents[1])
    assert {"hospital_infections", "growth_trajectories", "overdispersed_counts"} <= set(
        templates.split()
    )
    assert {"surgical", "nielweise2008"} <= set(tables.split())


@pytest.mark.fit
def test_the_demo_runs_from_another_folder(python: Path, tmp_path: Path) -> None:
    said = run(python.parent / "bayes-glmm", "demo", cwd=tmp_path)
    page = tmp_path / "demo" / "report.html"
    assert str(page) in said.replace("\n", "")
    assert "Convergence" in said
    assert page.stat().st_size > 10_000
