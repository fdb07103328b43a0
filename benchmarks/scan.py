"""A scan of many markers beside GEMMA, in one run on one thread.

Run ``python -m benchmarks.scan`` with ``gemma`` installed. Families of four are simulated,
with a heritable response and no marker that acts but five; both programs get the same PLINK
files and the same relationships. Figures are CPU seconds of the process; those of GEMMA and of the scan
are the smallest of some repeats, with one eigendecomposition in each. Memory is that of a process of
its own, on Linux.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

import bayes_glmm as bg  # noqa: E402

PEOPLE, MARKERS, FAMILY, ACTING = 2_000, 20_000, 4, 5


def simulate(prefix: Path, people: int, markers: int) -> np.ndarray:
    """Write PLINK files of families that inherit from two founders each; return the counts."""
    rng = np.random.default_rng(1)
    shift = rng.normal(0, 0.08, (2, markers))
    base = rng.uniform(0.05, 0.5, markers)
    counts = np.empty((people, markers), np.int8)
    for start in range(0, people, FAMILY):
        p = np.clip(base + shift[start % 2], 0.02, 0.98)
        parents = rng.random((2, 2, markers)) < p
        for child in range(start, min(start + FAMILY, people)):
            pick = rng.integers(0, 2, (2, markers))
            counts[child] = sum(
                np.take_along_axis(parents[k], pick[None, k], 0)[0].astype(np.int8) for k in (0, 1)
            )
    ids = [f"p{i:05d}" for i in range(people)]
    code = np.array([3, 2, 0], np.uint8)[counts.T]
    code[rng.random(code.shape) < 0.005] = 1
    code = np.pad(code, ((0, 0), (0, -people % 4)))
    packed = (code.reshape(markers, -1, 4) << np.array([0, 2, 4, 6], np.uint8)).sum(2, np.uint8)
    prefix.with_suffix(".bed").write_bytes(b"\x6c\x1b\x01" + packed.tobytes())
    lines = [f"{1 + 20 * j // markers} rs{j} 0 {j + 1} A C\n" for j in range(markers)]
    prefix.with_suffix(".bim").write_text("".join(lines))
    z = counts - counts.mean(0)
    acting = rng.choice(markers, ACTING, replace=False)
    g = z @ rng.normal(0, 1, markers) / np.sqrt((z.var(0)).sum())
    y = 1.2 * g / g.std() + z[:, acting] @ rng.uniform(0.2, 0.4, ACTING) + rng.normal(size=people)
    fam = [f"{i} {i} 0 0 1 {v:.10g}\n" for i, v in zip(ids, y, strict=True)]
    prefix.with_suffix(".fam").write_text("".join(fam))
    return y


def gemma(prefix: Path, folder: Path, K: pd.DataFrame) -> tuple[pd.DataFrame, float]:
    """Run GEMMA's Wald tests; return them and its CPU seconds."""
    np.savetxt(folder / "K.txt", K.to_numpy(), fmt="%.12g")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        ["gemma", "-bfile", str(prefix), "-k", str(folder / "K.txt"), "-lmm", "1", "-o", "out",
         "-outdir", str(folder), "-miss", "1", "-maf", "0", "-r2", "1", "-hwe", "0"],
        check=True, capture_output=True,
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return pd.read_csv(folder / "out.assoc.txt", sep="\t"), used


PEAK = """
import sys
import numpy, bayes_glmm as bg, bayes_glmm.scan.scanning
def status(name):
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024
tree = bg.load(sys.argv[2])
with open("/proc/self/clear_refs", "w") as reset:
    reset.write("5")
before = status("VmRSS")
found = bg.scan(tree, sys.argv[1])
print(before, status("VmHWM"), len(found))
"""


def peak(prefix: Path, fit: Path) -> dict[str, int]:
    """Scan in a process of its own; return MiB before, and at the peak of the scan."""
    run = [sys.executable, "-c", PEAK, str(prefix), str(fit)]
    found = subprocess.run(run, check=True, capture_output=True, text=True).stdout.split()
    return {"markers": int(found[2]), "before": round(float(found[0])),
            "peak": round(float(found[1]))}  # fmt: skip


def repeated(prefix: Path, times: int) -> Path:
    """Write the same genotypes several times after one another."""
    more = prefix.with_name(prefix.name + f"x{times}")
    body = prefix.with_suffix(".bed").read_bytes()
    more.with_suffix(".bed").write_bytes(body[:3] + times * body[3:])
    more.with_suffix(".bim").write_text(times * prefix.with_suffix(".bim").read_text())
    more.with_suffix(".fam").write_text(prefix.with_suffix(".fam").read_text())
    return more


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--markers", type=int, default=MARKERS)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--memory", action="store_true", help="also with ten times the markers")
    parser.add_argument("--loco", action="store_true", help="also leaving out chromosomes")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prefix = folder / "cohort"
        y = simulate(prefix, chosen.people, chosen.markers)
        start = time.process_time()
        G = bg.genomic(str(prefix))
        seconds = {"relationships": time.process_time() - start}
        K = pd.DataFrame(G.matrix, G.labels, G.labels)
        data = pd.DataFrame({"y": y, "id": G.labels})
        start = time.process_time()
        tree = bg.fit(
            "y ~ 1 + (1 | gr(id, K))", data, structures={"K": G}, progress=False, cores=1,
            draws=1000, chains=2,
        )  # fmt: skip
        seconds["null model"] = time.process_time() - start
        bg.scan(tree, K.iloc[:, :3].clip(0, 2))  # compiled before it is timed
        peers, runs = [], []
        for _ in range(chosen.repeats):
            start = time.process_time()
            found = bg.scan(tree, str(prefix))
            runs.append(time.process_time() - start)
            table, used = gemma(prefix, folder, K)
            peers.append(used)
        seconds |= {"scan": min(runs), "gemma": min(peers)}
        both = found.merge(table, left_on="marker", right_on="rs", suffixes=("", "_y"))
        naive = naive_inflation(y, prefix, tree)
        figures = {
            "people": chosen.people, "markers": chosen.markers, "compared": len(both),
            "seconds": {k: round(v, 2) for k, v in seconds.items()},
            "times as fast": round(seconds["gemma"] / seconds["scan"], 2),
            "largest difference of log10 p": float(
                (both["log10_p"] + np.log10(both["p_wald"])).abs().max()
            ),
            "largest difference of an effect, in se": float(
                ((both["effect"].abs() - both["beta"].abs()) / both["se_y"]).abs().max()
            ),
            "inflation with relationships": found.attrs["genomic_inflation"],
            "inflation without": naive,
        }  # fmt: skip
        if chosen.loco:
            start = time.process_time()
            rest = bg.scan(tree, str(prefix), loco=True)
            figures["leaving out each of 20 chromosomes, s"] = round(time.process_time() - start, 1)
            figures["inflation so"] = rest.attrs["genomic_inflation"]
        if chosen.memory:
            bg.save(tree, folder / "fit.nc")
            more = repeated(prefix, 10)
            figures["MiB"] = [peak(p, folder / "fit.nc") for p in (prefix, more)]
    sys.stdout.write(json.dumps(figures, indent=1) + "\n")


def naive_inflation(y: np.ndarray, prefix: Path, tree: object) -> float:
    """Return the inflation of correlations of response and markers, relationships left out."""
    from scipy import stats

    from bayes_glmm.scan.scanning import genomic_inflation
    from bayes_glmm.structures.plink import read_plink

    files = read_plink(prefix)
    p = []
    for start in range(0, len(files.loci), 2000):
        x = files.calls(start, start + 2000).astype(float)
        x[x < 0] = np.nan
        x = np.where(np.isnan(x), np.nanmean(x, axis=1, keepdims=True), x)
        x -= x.mean(1, keepdims=True)
        r = x @ (y - y.mean()) / np.sqrt((x**2).sum(1) * ((y - y.mean()) ** 2).sum())
        p.append(2 * stats.t.sf(np.abs(r) * np.sqrt((len(y) - 2) / (1 - r**2)), len(y) - 2))
    return genomic_inflation(np.concatenate(p))


if __name__ == "__main__":
    main()
