// What the page computes: means, averages over people, ratios, simulated people, pooling.
//
// A setting p holds intercept, slope, sd0, sd1, corr, lo, hi, size, people, seed, and thresholds
// with cut for categories: P(y > cut) is the inverse logit of the predictor minus a threshold.
// Binary outcomes have one threshold, zero. Counts have thresholds null and the log link.

const NODES = 257, REACH = 9;
const RULE = (() => {
  const z = Array.from({ length: NODES }, (_, k) => -REACH + (2 * REACH * k) / (NODES - 1));
  const w = z.map((v) => Math.exp(-0.5 * v * v));
  const total = w.reduce((a, b) => a + b, 0);
  return { z, w: w.map((v) => v / total) };
})();

const expit = (t) => 1 / (1 + Math.exp(-t));
const isCount = (p) => p.thresholds === null;
const threshold = (p) => (isCount(p) ? 0 : p.thresholds[p.cut - 1]);
const inverse = (p, eta) => (isCount(p) ? Math.exp(eta) : expit(eta));

/** Predictor of the typical person, that of exceeding the cut for categories. */
const predictor = (p, x) => p.intercept - threshold(p) + p.slope * x;

/** Standard deviation of the predictor between people at x. */
function spread(p, x) {
  const a = p.sd0, b = p.sd1 * x;
  return Math.sqrt(Math.max(0, a * a + 2 * p.corr * a * b + b * b));
}

/** E[expit(mean + sd z)] over a standard normal z, by the trapezoid rule. */
function logisticNormal(mean, sd) {
  if (sd === 0) return expit(mean);
  let total = 0;
  for (let k = 0; k < NODES; k++) total += RULE.w[k] / (1 + Math.exp(-mean - sd * RULE.z[k]));
  return total;
}

const typical = (p, x) => inverse(p, predictor(p, x));

function average(p, x) {
  const eta = predictor(p, x), sd = spread(p, x);
  return isCount(p) ? Math.exp(eta + 0.5 * sd * sd) : logisticNormal(eta, sd);
}

/** The average carried back through the link; exact where it is close to one. */
function averageLink(p, x) {
  const eta = predictor(p, x), sd = spread(p, x);
  if (isCount(p)) return eta + 0.5 * sd * sd;
  return Math.log(logisticNormal(eta, sd) / logisticNormal(-eta, sd));
}

/** Odds or rate ratio of a step: within one person, and of the averages. */
function ratios(p, from, step) {
  return {
    conditional: Math.exp(p.slope * step),
    averaged: Math.exp(averageLink(p, from + step) - averageLink(p, from)),
  };
}

/** Shares of the categories at x: of the typical person, or on average. */
function shares(p, x, of) {
  const above = p.thresholds.map((_, k) => of({ ...p, cut: k + 1 }, x));
  return [1, ...above].map((v, k) => v - (k < above.length ? above[k] : 0));
}

function quantile(sorted, q) {
  const at = q * (sorted.length - 1), low = Math.floor(at), high = Math.ceil(at);
  return sorted[low] + (at - low) * (sorted[high] - sorted[low]);
}

/** Mean and equal-tailed interval of values. */
function summarise(values, prob) {
  const sorted = Float64Array.from(values).sort();
  const mean = sorted.reduce((a, b) => a + b, 0) / sorted.length;
  return { mean, low: quantile(sorted, (1 - prob) / 2), high: quantile(sorted, (1 + prob) / 2) };
}

/** The setting at each posterior draw. */
function settingsOf(p, draws) {
  return draws.intercept.map((_, d) => ({
    ...p,
    intercept: draws.intercept[d], slope: draws.slope[d],
    sd0: draws.sd0[d], sd1: draws.sd1[d], corr: draws.corr[d],
    thresholds: draws.thresholds ? draws.thresholds[d] : p.thresholds,
  }));
}
