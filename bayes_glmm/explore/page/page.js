// The page: a setting in, pictures and sentences out.

const kept = new Map();

/** Something computed at every draw once. */
function once(key, compute) {
  if (!kept.has(key)) kept.set(key, compute());
  return kept.get(key);
}

/** The ratios of a step, with intervals where a posterior is shown. */
function readRatios(p, from) {
  if (!state.posterior) return ratios(p, from, NAMES.step);
  return once(`ratios ${p.cut} ${from}`, () => {
    const each = settingsOf(p, FIT.draws).map((q) => ratios(q, from, NAMES.step));
    const c = summarise(each.map((r) => r.conditional), FIT.prob);
    const a = summarise(each.map((r) => r.averaged), FIT.prob);
    return { conditional: c.mean, averaged: a.mean, between: { conditional: c, averaged: a } };
  });
}

function readCurve(p, who, of, xs, key) {
  if (!state.posterior) return { who, xs, ys: xs.map((x) => of(p, x)) };
  return once(`${key} ${who} ${p.cut}`, () => {
    const draws = settingsOf(p, FIT.draws);
    const at = xs.map((x) => summarise(draws.map((q) => of(q, x)), FIT.prob));
    return { who, xs, ys: at.map((v) => v.mean), low: at.map((v) => v.low), high: at.map((v) => v.high) };
  });
}

function put(id, w, h, svg) {
  const place = document.querySelector(`#${id} svg`);
  place.setAttribute("viewBox", `0 0 ${w} ${h}`);
  place.setAttribute("height", h);
  place.innerHTML = svg;
}

const widthOf = (id) => document.querySelector(`#${id} .picture`).clientWidth;

function drawCurves(p, from, people, xs) {
  const scales = [
    ["response", typical, average, `${isCount(p) ? "Mean count" : "Chance"}${NAMES.unit}${above(p, NAMES)}`],
    ["link", predictor, averageLink, isCount(p) ? "Log rate" : "Log odds"],
  ];
  for (const [id, one, many, yTitle] of scales) {
    const w = widthOf(id), phone = w < 520, h = phone ? 250 : 340;
    const lines = [readCurve(p, "typical", one, xs, id), readCurve(p, "average", many, xs, id)];
    lines[0].text = `typical ${NAMES.one}`;
    lines[1].text = "average";
    const grey = people.slice(0, 60).map((q) => {
      const own = { ...p, intercept: p.intercept + q.u0, slope: p.slope + q.u1 };
      return { xs, ys: xs.map((x) => one(own, x)) };
    });
    const steps = [from, from + NAMES.step].filter((x) => x <= p.hi + 1e-9);
    const dots = steps.map((x) => ({
      x, at: lines.map((l, k) => ({ who: l.who, y: readCurve(p, l.who, k ? many : one, [x], `${id} ${x}`).ys[0] })),
    }));
    const y = id === "response" && !isCount(p) ? [0, 1] : limits(lines, grey, isCount(p) && id === "response");
    put(id, w, h, curves({ w, h, x: [p.lo, p.hi], y, xTitle: NAMES.x === "x" ? "x, in steps" : FIT.x.name,
      yTitle, people: grey, lines, bands: lines.filter((l) => l.low), dots, clip: `clip-${id}` }));
  }
}

/** Limits of the vertical axis: the curves and most people. */
function limits(lines, grey, fromZero) {
  const main = lines.flatMap((l) => [...l.ys, ...(l.high ?? []), ...(l.low ?? [])]);
  const all = grey.flatMap((q) => [q.ys[0], q.ys.at(-1)]).sort((a, b) => a - b);
  const tail = fromZero ? 0.93 : 0.99;
  const low = fromZero ? 0 : Math.min(...main, all.length ? quantile(all, 0.01) : Infinity);
  const high = Math.max(...main, all.length ? quantile(all, tail) : -Infinity);
  const room = Math.max(high - low, 0.2) * 0.04;
  return [fromZero ? 0 : low - room, high + room];
}

function drawShrinkage(p, people) {
  const w = widthOf("shrinkage"), h = 290;
  const values = people.flatMap((q) => [q.own, q.pooled]).sort((a, b) => a - b);
  const x = isCount(p) ? [0, Math.max(values.at(-1), 1)] : [0, 1];
  put("shrinkage", w, h, slopegraph({
    w, h, x, people, average: mean(people.map((q) => q.pooled)),
    xTitle: isCount(p) ? "mean of the rows" : p.outcome === "binary" ? "share of ones" : `share${above(p, NAMES)}`,
    names: ["own rows alone", "pooled estimate"],
  }));
  $("shrinkage-words").innerHTML = onShrinkage(p, gains(people), NAMES);
}

function drawStacks(p, xs) {
  $("stacks").hidden = p.outcome !== "ordinal";
  if (p.outcome !== "ordinal") return;
  for (const [id, of, yTitle] of [["stack-typical", typical, `Typical ${NAMES.one}`], ["stack-average", average, "Average"]]) {
    const w = widthOf(id), h = 260, rows = xs.map((x) => shares(p, x, of));
    put(id, w, h, stack({ w, h, x: [p.lo, p.hi], xs, shares: rows, xTitle: FIT ? FIT.x.name : "x, in steps", yTitle,
      names: FIT ? FIT.categories : ["1", "2", "3", "4"] }));
  }
}

/** The averaged difference of a step on the response scale. */
function readDifference(p, from) {
  const of = (q) => average(q, from + NAMES.step) - average(q, from);
  if (!state.posterior) return { mean: of(p) };
  return once(`difference ${p.cut} ${from}`, () => summarise(settingsOf(p, FIT.draws).map(of), FIT.prob));
}

function interval(of) {
  return of?.low !== undefined ? `<small>${figure(of.low)} to ${figure(of.high)}, ${Math.round(100 * FIT.prob)} %</small>` : "";
}

function say(p, from) {
  const read = readRatios(p, from), name = isCount(p) ? "rate ratio" : "odds ratio";
  $("headline").innerHTML = headline(p, from, NAMES, read);
  $("conditional").innerHTML = figure(read.conditional) + interval(read.between?.conditional);
  $("conditional-name").textContent = `conditional ${name}`;
  $("averaged").innerHTML = figure(read.averaged) + interval(read.between?.averaged);
  $("averaged-name").textContent = `averaged ${name}`;
  const change = readDifference(p, from);
  $("difference").innerHTML = `${change.mean >= 0 ? "+" : ""}${figure(change.mean)}${interval(change)}`;
  $("difference-name").textContent = isCount(p) ? "averaged difference of counts" : "averaged difference of chances";
  const at = (who, of) => readCurve(p, who, of, [from], `response ${from}`).ys[0];
  const levels = { typical: at("typical", typical), average: at("average", average) };
  $("response-words").innerHTML = onResponse(p, from, NAMES, levels);
  $("link-words").innerHTML = onLink(p, NAMES);
  $("report").innerHTML = toReport(p, NAMES);
  $("thumb").innerHTML = thumb(p, from, NAMES);
  $("thumb").hidden = !$("thumb").textContent;
}

const UNITS = { intercept: (p) => scaleName(p), slope: (p) => `${scaleName(p)} a unit`, size: () => "", people: () => "" };

function showValues(p) {
  for (const [, list] of SLIDERS) {
    for (const [id] of list) {
      const value = minus(String(Number($(id).value)));
      $(`${id}-value`).textContent = id === "from" ? `${NAMES.x === "x" ? "x" : FIT.x.name} = ${value}` : value;
      $(id).setAttribute("aria-valuetext", `${value} ${UNITS[id] ? UNITS[id](p) : ""}`.trim());
    }
  }
}

function update() {
  const p = readSetting(), from = Number($("from").value);
  const xs = Array.from({ length: 61 }, (_, k) => p.lo + ((p.hi - p.lo) * k) / 60);
  const people = simulatePeople(p).map((q) => ({ ...q, pooled: pooledMean(p, q.y) }));
  showValues(p);
  say(p, from);
  drawCurves(p, from, people, xs);
  drawStacks(p, xs);
  drawShrinkage(p, people);
  if (state.code) $("code").textContent = pythonCode(p);
}

let waiting = 0;

/** Draw once for all that moved since the last picture. */
function later() {
  cancelAnimationFrame(waiting);
  waiting = requestAnimationFrame(update);
}

function copy(text) {
  const done = (ok) => { $("copied").textContent = ok ? "Copied." : "Written below: select it to copy."; };
  const byHand = () => {
    getSelection().selectAllChildren($("code"));
    done(document.execCommand("copy"));
  };
  if (navigator.clipboard) navigator.clipboard.writeText(text).then(() => done(true), byHand);
  else byHand();
}

const WHAT_IF = ["intercept", "slope", "sd0", "sd1", "corr"];

function listen() {
  document.querySelector(".controls").addEventListener("input", (event) => {
    if (event.target.name === "outcome") {
      state.outcome = event.target.value;
      resetControls();
    }
    if (WHAT_IF.includes(event.target.id)) state.posterior = false;
    later();
  });
  document.querySelector(".controls").addEventListener("submit", (event) => event.preventDefault());
  $("reset").addEventListener("click", () => { state.posterior = Boolean(FIT); state.seed = 1; resetControls(); later(); });
  $("again").addEventListener("click", () => { state.seed += 1; later(); });
  $("grow").addEventListener("click", () => {
    const size = Number($("size").value), most = Number($("size").max);
    $("size").value = size >= most ? 2 : Math.min(2 * size, most);
    later();
  });
  $("write").addEventListener("click", () => {
    state.code = true;
    $("code").hidden = false;
    $("code").textContent = pythonCode(readSetting());
    copy($("code").textContent);
  });
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (document.documentElement.dataset.theme ?? (dark.matches ? "dark" : "light")) === "dark";
  const showTheme = () => $("theme").setAttribute("aria-pressed", String(isDark()));
  $("theme").addEventListener("click", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    showTheme();
  });
  dark.addEventListener("change", showTheme);
  showTheme();
  new ResizeObserver(later).observe(document.querySelector("main"));
}

buildControls();
resetControls();
listen();
update();
