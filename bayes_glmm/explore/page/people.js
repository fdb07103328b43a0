// Simulated people: seeded, so that they stay the same people while the sliders move.

/** Uniform numbers between 0 and 1, a stream for each person (mulberry32). */
function stream(seed, person) {
  let a = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(person + 1, 0x85ebca6b)) >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 4294967296;
  };
}

function twoNormals(next) {
  const radius = Math.sqrt(-2 * Math.log(next())), angle = 2 * Math.PI * next();
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
}

const places = (p) =>
  Array.from({ length: p.size }, (_, j) => p.lo + ((p.hi - p.lo) * j) / Math.max(1, p.size - 1));

/** Rows of the factor L of the covariance: effects are L z. */
function factor(p) {
  const r = p.sd0 > 0 && p.sd1 > 0 ? p.corr : 0;
  return { a: p.sd0, b: p.sd1 * r, c: p.sd1 * Math.sqrt(1 - r * r) };
}

/** Count with the given mean at a uniform number; a normal approximation above 500. */
function countAt(mean, uniform, z) {
  if (mean > 500) return Math.max(0, Math.round(mean + Math.sqrt(mean) * z));
  let mass = Math.exp(-mean), total = mass, y = 0;
  while (total < uniform && y < 2000) { y += 1; mass *= mean / y; total += mass; }
  return y;
}

const categoryAt = (p, eta, uniform) => p.thresholds.filter((t) => uniform > expit(t - eta)).length;

/** What a row counts as in the pictures: a count, or whether the category is above the cut. */
const seen = (p, y) => (isCount(p) ? y : Number(y >= p.cut));

const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;

/** People with their effects, responses, own mean and true mean over their rows. */
function simulatePeople(p) {
  const L = factor(p), xs = places(p);
  return Array.from({ length: p.people }, (_, i) => {
    const next = stream(p.seed, i), [z0, z1] = twoNormals(next);
    const u0 = L.a * z0, u1 = L.b * z0 + L.c * z1;
    const etas = xs.map((x) => p.intercept + u0 + (p.slope + u1) * x);
    const y = etas.map((eta) => {
      const uniform = next(), [z] = twoNormals(next);
      return isCount(p) ? countAt(Math.exp(eta), uniform, z) : categoryAt(p, eta, uniform);
    });
    const truth = mean(etas.map((eta) => inverse(p, eta - threshold(p))));
    return { u0, u1, y, own: mean(y.map((v) => seen(p, v))), truth };
  });
}

/** Log-likelihood of a row with its first two derivatives in the predictor. */
function rowOf(p, y, eta) {
  if (isCount(p)) {
    const mu = Math.exp(Math.min(eta, 300));
    return [y * eta - mu, y - mu, mu];
  }
  const upper = y < p.thresholds.length ? expit(p.thresholds[y] - eta) : 1;
  const lower = y > 0 ? expit(p.thresholds[y - 1] - eta) : 0;
  const curve = upper * (1 - upper) + lower * (1 - lower);
  return [Math.log(Math.max(upper - lower, 1e-300)), upper + lower - 1, curve];
}

/** Log posterior of standardised effects, with gradient and negative Hessian. */
function posteriorAt(p, L, xs, y, z0, z1) {
  const u0 = L.a * z0, u1 = L.b * z0 + L.c * z1;
  let value = -0.5 * (z0 * z0 + z1 * z1), g0 = -z0, g1 = -z1, h00 = 1, h01 = 0, h11 = 1;
  for (let j = 0; j < xs.length; j++) {
    const x = xs[j], [l, d, c] = rowOf(p, y[j], p.intercept + u0 + (p.slope + u1) * x);
    const k0 = L.a + L.b * x, k1 = L.c * x;
    value += l; g0 += d * k0; g1 += d * k1;
    h00 += c * k0 * k0; h01 += c * k0 * k1; h11 += c * k1 * k1;
  }
  return { value, g0, g1, h00, h01, h11 };
}

/** Most probable effects by Newton's method with halved steps. */
function mode(p, L, xs, y) {
  let z0 = 0, z1 = 0, at = posteriorAt(p, L, xs, y, z0, z1);
  for (let round = 0; round < 50 && Math.hypot(at.g0, at.g1) > 1e-6; round++) {
    const det = at.h00 * at.h11 - at.h01 * at.h01;
    let s0 = (at.h11 * at.g0 - at.h01 * at.g1) / det, s1 = (at.h00 * at.g1 - at.h01 * at.g0) / det;
    let next = posteriorAt(p, L, xs, y, z0 + s0, z1 + s1);
    for (let cut = 0; cut < 40 && !(next.value >= at.value - 1e-9); cut++) {
      s0 /= 2; s1 /= 2;
      next = posteriorAt(p, L, xs, y, z0 + s0, z1 + s1);
    }
    z0 += s0; z1 += s1; at = next;
  }
  return { z0, z1, at };
}

/** Nodes to either side and their distance, in posterior standard deviations. */
const rule = (rows) => (rows <= 10 ? { side: 8, stride: 0.8 } : { side: 5, stride: 1.05 });

/** Posterior mean of a person's mean response over their rows, the setting being known. */
function pooledMean(p, y) {
  const L = factor(p), xs = places(p), { z0, z1, at } = mode(p, L, xs, y), { side, stride } = rule(p.size);
  const first = stride * Math.sqrt(at.h11 / (at.h00 * at.h11 - at.h01 * at.h01));
  const second = stride / Math.sqrt(at.h11), tilt = -at.h01 / at.h11;
  const wide = L.a > 0 || L.b !== 0 ? side : 0, deep = L.c > 0 ? side : 0;
  let weight = 0, total = 0;
  for (let i = -wide; i <= wide; i++) {
    for (let j = -deep; j <= deep; j++) {
      const s0 = z0 + first * i, s1 = z1 + tilt * first * i + second * j;
      const u0 = L.a * s0, u1 = L.b * s0 + L.c * s1;
      const [fit, sum] = over(p, xs, y, p.intercept + u0, p.slope + u1);
      const w = Math.exp(fit - 0.5 * (s0 * s0 + s1 * s1) - at.value);
      weight += w; total += (w * sum) / xs.length;
    }
  }
  return total / weight;
}

/** Log-likelihood and sum of mean responses of rows on one line. */
function over(p, xs, y, intercept, slope) {
  let log = 0, sum = 0;
  if (isCount(p)) {
    for (let k = 0; k < xs.length; k++) {
      const eta = intercept + slope * xs[k], mu = Math.exp(Math.min(eta, 300));
      log += y[k] * eta - mu; sum += mu;
    }
    return [log, sum];
  }
  const cuts = p.thresholds, last = cuts.length, shown = cuts[p.cut - 1];
  for (let k = 0; k < xs.length; k++) {
    const eta = intercept + slope * xs[k], v = y[k];
    const upper = v < last ? 1 / (1 + Math.exp(eta - cuts[v])) : 1;
    const lower = v > 0 ? 1 / (1 + Math.exp(eta - cuts[v - 1])) : 0;
    log += Math.log(Math.max(upper - lower, 1e-300));
    if (last === 1) sum += v ? 1 - lower : 1 - upper;
    else sum += 1 / (1 + Math.exp(shown - eta));
  }
  return [log, sum];
}

/** How far pooling pulls, and what it gains: share of distance kept, errors of both. */
function gains(people) {
  const own = mean(people.map((q) => q.own)), pooled = mean(people.map((q) => q.pooled));
  let both = 0, alone = 0, errorOwn = 0, errorPooled = 0;
  for (const q of people) {
    both += (q.own - own) * (q.pooled - pooled);
    alone += (q.own - own) ** 2;
    errorOwn += (q.own - q.truth) ** 2;
    errorPooled += (q.pooled - q.truth) ** 2;
  }
  const root = (sum) => Math.sqrt(sum / people.length);
  return { kept: alone > 0 ? both / alone : null, own: root(errorOwn), pooled: root(errorPooled) };
}
