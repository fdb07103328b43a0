// The Python that simulates such people and fits the model to them.

const FAMILY = { binary: "bernoulli", count: "poisson", ordinal: "cumulative" };

/** A number as Python and the sliders write it. */
function literal(v) {
  const text = String(Number(v.toPrecision(12)));
  return /[.e]/.test(text) ? text : `${text}.0`;
}

function formulaOf(p) {
  const terms = [p.sd0 > 0 ? "1" : "0", ...(p.sd1 > 0 ? ["x"] : [])].join(" + ");
  return p.sd0 > 0 || p.sd1 > 0 ? `y ~ x + (${terms} | person)` : "y ~ x";
}

function truthOf(p) {
  const lines = p.outcome === "ordinal"
    ? [`"threshold": [${p.thresholds.map((t) => literal(t - p.intercept)).join(", ")}],`]
    : [`"intercept": ${literal(p.intercept)},`];
  lines.push(`"beta": {"x": ${literal(p.slope)}},`);
  const sds = [
    ...(p.sd0 > 0 ? [`"intercept": ${literal(p.sd0)}`] : []),
    ...(p.sd1 > 0 ? [`"x": ${literal(p.sd1)}`] : []),
  ];
  if (sds.length) lines.push(`"sd_person": {${sds.join(", ")}},`);
  const r = literal(p.corr);
  if (sds.length === 2) lines.push(`"corr_person": [[1.0, ${r}], [${r}, 1.0]],`);
  return lines.map((line) => `    ${line}`).join("\n");
}

function pythonCode(p) {
  const family = FAMILY[p.outcome];
  return `import numpy as np
import pandas as pd

import bayes_glmm as bg

n_people, n_rows = ${p.people}, ${p.size}
people = pd.DataFrame(
    {
        "person": np.repeat([f"p{i:03d}" for i in range(1, n_people + 1)], n_rows),
        "x": np.tile(np.linspace(${literal(p.lo)}, ${literal(p.hi)}, n_rows), n_people),
    }
)
truth = {
${truthOf(p)}
}
formula = "${formulaOf(p)}"
data = bg.simulate(formula, people, truth, seed=${p.seed}, family="${family}")
tree = bg.fit(formula, data, family="${family}", seed=1)
print(bg.diagnose(tree))
print(bg.summary(tree, exponentiate=True))
print(bg.predictions(tree, groups="population", by="x"))
`;
}
