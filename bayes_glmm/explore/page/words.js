// Plain sentences that follow the sliders. Names from a fit are escaped before they get here.

const minus = (text) => text.replace("-", "\u2212");

/** Three significant digits, as a reader writes them. */
function figure(v) {
  if (!Number.isFinite(v)) return v > 0 ? "\u221e" : minus("-\u221e");
  const size = Math.abs(v);
  if (size >= 1e6) return minus(v.toExponential(2).replace("e+", " × 10^"));
  if (size >= 999.5) return minus(Math.round(v).toLocaleString("en"));
  if (size > 0 && size < 0.001) return v < 0 ? minus("-0.001") : "< 0.001";
  return minus(String(Number(v.toPrecision(3))));
}

/** A chance never rounds to certainty. */
function chance(v) {
  if (v > 0.9995) return "> 0.999";
  return v < 0.0005 ? "< 0.001" : String(Number(v.toFixed(3)));
}

const nearly = (a, b, within) => Math.abs(a / b - 1) < within;

/** What a ratio does, "rise 1.6-fold"; the ending is "s" after a singular. */
function change(ratio, s = "") {
  if (nearly(ratio, 1, 0.0005)) return s ? "stays the same" : "stay the same";
  if (nearly(ratio, 2, 0.015)) return `double${s}`;
  if (nearly(ratio, 3, 0.015)) return `triple${s}`;
  if (nearly(ratio, 0.5, 0.015)) return s ? "halves" : "halve";
  if (ratio > 1) return `rise${s} ${figure(ratio)}-fold`;
  return `fall${s} to ${figure(ratio)} of what ${s ? "it was" : "they were"}`;
}

const scaleName = (p) => (isCount(p) ? "log rate" : "log odds");
const mark = (who, text) => `<b class="${who}">${text}</b>`;

/** "each step in age", "with arm[new]". */
function eachStep(n) {
  if (n.flag) return `with ${n.x}`;
  return n.step === 1 ? `each step in ${n.x}` : `each step of ${figure(n.step)} in ${n.x}`;
}

const above = (p, n) =>
  p.outcome === "ordinal" ? ` of ${n.categories[p.cut]}${p.cut < p.thresholds.length ? " or higher" : ""}` : "";

/** What multiplies from step to step. */
const multiplied = (p, n) => (isCount(p) ? `rate${n.unit}` : `odds${above(p, n)}`);

/** What is read off the response scale. */
const quantity = (p, n) => (isCount(p) ? `mean count${n.unit}` : `chance${above(p, n)}`);

/** Why the averaged ratio is what it is beside the conditional one. */
function because(p, from, n) {
  const before = spread(p, from), after = spread(p, from + n.step);
  const { conditional, averaged } = ratios(p, from, n.step);
  const grows = after > before;
  if (before === 0 && after === 0) return `Nobody differs here, so one number serves everybody.`;
  if (isCount(p)) {
    if (p.sd1 === 0 || after === before) {
      return `Differences in level raise every average ${figure(Math.exp((before * before) / 2))}-fold
        above the typical ${n.one} and cancel in the ratio.`;
    }
    return grows
      ? `because those whose rate climbs most weigh most in an average.`
      : `because ${n.many} draw together along ${n.x}: those with high rates, who weigh most in an
        average, climb least.`;
  }
  if (p.slope === 0 && p.sd1 === 0) return `Nothing changes along ${n.x}, for anybody.`;
  if (nearly(conditional, averaged, 0.0005)) {
    return Math.max(before, after) < 0.2 ? `${n.Many} hardly differ here.` : `Just here the two agree.`;
  }
  const smaller = Math.abs(Math.log(averaged)) < Math.abs(Math.log(conditional));
  const turned = (averaged - 1) * (conditional - 1) < 0;
  if (smaller && !turned) {
    return `because ${n.many} differ: whoever is already near 0 or 1 can hardly move, and the average
      counts them all.`;
  }
  return grows
    ? `because slopes differ: ${n.many} spread out along ${n.x}, and spread pulls an average
      towards one half.`
    : `because ${n.many} draw together along ${n.x}: less spread, less pull towards one half.`;
}

/** The page's first sentence; given are intervals when there is a posterior. */
function headline(p, from, n, read = ratios(p, from, n.step)) {
  const s = isCount(p) ? "s" : "", it = isCount(p) ? "it" : "they";
  const why = because(p, from, n);
  const same = nearly(read.conditional, read.averaged, 0.0005);
  const place = n.span(from);
  return `A typical ${n.one}’s ${multiplied(p, n)} ${mark("typical", change(read.conditional, s))}
    ${eachStep(n)}. On average over ${n.many}, ${place}, ${it}
    ${mark("average", change(read.averaged, s))}${same ? " too" : ""}${why.startsWith("because") ? ", " : ". "}${why}`;
}

/** Beside the response scale. */
function onResponse(p, from, n, at = { typical: typical(p, from), average: average(p, from) }) {
  const low = inverse(p, predictor(p, from) - spread(p, from));
  const high = inverse(p, predictor(p, from) + spread(p, from));
  const say = isCount(p) ? figure : chance;
  const where = `${n.x} = ${figure(from)}`;
  const start = `At ${where} a typical ${n.one} has a ${quantity(p, n)} of
    ${mark("typical", say(at.typical))}; the average over ${n.many} is
    ${mark("average", say(at.average))}.`;
  if (spread(p, from) === 0) return `${start} Nobody differs there.`;
  return `${start} Two thirds of ${n.many} lie between ${say(low)} and ${say(high)}. The average of
    the grey curves is not the curve of the average ${n.one}.`;
}

/** Beside the link scale. */
function onLink(p, n) {
  const a = spread(p, p.lo), b = spread(p, p.hi);
  const lines = `In ${scaleName(p)} each ${n.one} is a straight line, and the mean of these lines is
    the ${mark("typical", `typical ${n.one}’s`)}.`;
  if (a === 0 && b === 0) return `${lines} All lines are one line here.`;
  const back = isCount(p)
    ? `The ${mark("average", "average")} rate carried back lies half a variance above it.`
    : `The ${mark("average", "average")} chance carried back is flatter.`;
  const move = nearly(a, b, 0.02) && p.sd1 === 0
    ? `${n.Many} differ by the same standard deviation, ${figure(a)}, everywhere.`
    : `Their standard deviation goes from ${figure(a)} at ${n.x} = ${figure(p.lo)} to ${figure(b)}
      at ${figure(p.hi)}${p.corr < 0 && p.sd1 > 0 && p.sd0 > 0 ? ": who starts high climbs less" : ""}${
        p.corr > 0 && p.sd1 > 0 && p.sd0 > 0 ? ": who starts high climbs more" : ""}.`;
  return `${lines} ${back} ${move}`;
}

/** Beside the shrinkage of simulated people. */
function onShrinkage(p, g, n) {
  const start = `${p.people} simulated ${n.many} with ${p.size} rows each. The upper dots are what
    their own rows say, the lower ones the estimate that also knows the other ${n.many}.`;
  if (g.kept === null) return `${start} All own rows say the same.`;
  const pull = g.kept < 0.005 ? "Nothing" : `${Math.round(100 * g.kept)} % of the distance`;
  const left = `${pull} between ${n.many} is left after pooling`;
  const error = `the error against the truth (root mean square) goes from ${figure(g.own)} to
    ${mark("truth", figure(g.pooled))}`;
  const more = g.kept < 0.5
    ? "With so few rows most of what differs is luck."
    : g.kept < 0.9 ? "More rows, less pull." : `With many rows each ${n.one} speaks for itself.`;
  return `${start} ${left}, and ${error}. ${more}`;
}

/** Which number answers whose question. */
function toReport(p, n) {
  const name = isCount(p) ? "rate ratio" : "odds ratio";
  return `To one ${n.one}, or whoever treats them, report the ${mark("typical", `conditional ${name}`)}.
    For a policy on all, report the ${mark("average", "averaged")} one, or better the average
    ${isCount(p) ? "rates" : "chances"} themselves. Say which it is: neither is wrong, and they answer
    different questions.`;
}

/** The rule of thumb for odds, and how near it comes. */
function thumb(p, from, n) {
  if (isCount(p) || p.sd1 > 0 || p.sd0 === 0) return "";
  const c = (16 * Math.sqrt(3)) / (15 * Math.PI);
  const flat = 1 / Math.sqrt(1 + c * c * p.sd0 * p.sd0);
  return `Rule of thumb: the averaged log odds ratio is about ${figure(flat)} times the conditional
    one, here an odds ratio of ${figure(Math.exp(p.slope * n.step * flat))}.`;
}
