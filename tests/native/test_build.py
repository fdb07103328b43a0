"""The build: what it asks for, the same bytes twice, and a library that checks itself."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import pytest

import hatch_build as build
from bayes_glmm.native import c_files
from tests.native.sanitized import ROOT, compile_in, environment


def test_the_compiler_is_asked_for_exactly_and_only_where_none_is_given(monkeypatch):
    monkeypatch.delenv("CC", raising=False)
    (zig,) = build.requires()
    assert re.fullmatch(r"ziglang==\d+\.\d+\.\d+", zig)
    assert build.Compiler.of("win_amd64").command[-3:] == ("cc", "-target", "x86_64-windows-gnu")
    monkeypatch.setenv("CC", "gcc -m64")
    assert build.requires() == []
    assert build.Compiler.of(build.here()).command == ("gcc", "-m64")


def test_the_compiler_of_this_machine_builds_for_no_other(monkeypatch):
    other = next(tag for tag in build.TARGETS if tag != build.here())
    monkeypatch.setenv("CC", "gcc")
    with pytest.raises(SystemExit, match=f"not {other}: unset it"):
        build.Compiler.of(other)
    monkeypatch.delenv("CC")
    with pytest.raises(SystemExit, match="No wheel is known for plan9_mips: name a C compiler"):
        build.Compiler.of("plan9_mips")


def test_only_wheels_of_zig_promise_older_systems(monkeypatch):
    monkeypatch.delenv("CC", raising=False)
    for tag in build.TARGETS:
        assert build.Compiler.of(tag).wheel == f"py3-none-{tag}"
    monkeypatch.setattr(build, "here", lambda: "manylinux_2_17_x86_64")
    monkeypatch.setattr(build.sysconfig, "get_platform", lambda: "linux-x86_64")
    monkeypatch.setenv("CC", "gcc")
    assert build.Compiler.of("manylinux_2_17_x86_64").wheel == "py3-none-linux_x86_64"


def test_only_x86_has_more_than_one_body(monkeypatch):
    monkeypatch.delenv("CC", raising=False)
    for tag in build.TARGETS:
        more = ["v3", "v4"] if tag.endswith(("x86_64", "amd64")) else []
        assert list(build.Compiler.of(tag).bodies()) == ["base", *more]


def test_every_c_file_counts_for_the_hash(tmp_path):
    shutil.copytree(c_files.SOURCES, tmp_path / "native")
    files = c_files.sources(tmp_path / "native")
    assert {f.name for f in files} == {p.name for p in c_files.SOURCES.iterdir()}
    known = {c_files.digest(files)}
    for file in files:
        file.write_bytes(file.read_bytes() + b"\n")
        known.add(c_files.digest(files))
    assert len(known) == len(files) + 1


STAND_IN = """
import os, pathlib, signal, sys
place = sys.argv[-1]
with open({calls!r}, "a") as calls:
    calls.write(place + chr(10))
if place == "base.o" and pathlib.Path({calls!r}).read_text().split().count(place) == 1:
    {end}
pathlib.Path(place).touch()
"""


@pytest.mark.skipif(os.name != "posix", reason="a killed process has no status of its own")
@pytest.mark.parametrize("end", ["os.kill(os.getpid(), signal.SIGABRT)", "sys.exit(1)"])
def test_a_killed_compiler_is_run_again_and_one_that_refuses_is_not(tmp_path, end):
    calls, program = tmp_path / "calls", tmp_path / "cc.py"
    program.write_text(STAND_IN.format(calls=str(calls), end=end))
    cc = build.Compiler(build.here(), (sys.executable, str(program)), False)
    if "kill" not in end:
        with pytest.raises(subprocess.CalledProcessError):
            build.build(cc, tmp_path)
        return
    assert build.build(cc, tmp_path).name == cc.library
    once = ["dispatch.o", cc.library, *(f"{isa}.o" for isa in cc.bodies())]
    assert sorted(calls.read_text().split()) == sorted([*once, "base.o"])


@pytest.mark.slow
def test_two_builds_are_the_same_bytes(tmp_path):
    made = []
    for name in ("one", "another"):
        (tmp_path / name).mkdir()
        made.append(build.build(build.Compiler.of(build.here()), tmp_path / name).read_bytes())
        assert [p.name for p in (tmp_path / name).iterdir()] == [made_name()]
    assert made[0] == made[1]


def made_name():
    return build.Compiler.of(build.here()).library


@pytest.mark.slow
def test_no_array_is_left_and_no_arithmetic_is_undefined(tmp_path):
    compile_in(tmp_path)
    env = environment()

    def child(*more):
        command = [sys.executable, "-m", "tests.native.checked", str(tmp_path), *more]
        return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)

    tests = child()
    assert tests.returncode == 0, tests.stdout + tests.stderr
    assert re.search(r"\d\d passed", tests.stdout)
    planted = child("--plant")
    assert planted.returncode != 0
    assert "heap-buffer-overflow" in planted.stderr
    assert "gather" in planted.stderr
