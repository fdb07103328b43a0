// The controls: what can be set, from where to where, and the setting read back.

const FIT = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const OUTCOMES = { binary: "Binary", count: "Count", ordinal: "Ordinal" };
const SLIDERS = [
  ["The typical person", [["intercept", "Intercept"], ["slope", "Slope"]]],
  ["How people differ", [["sd0", "Sd of intercepts"], ["sd1", "Sd of slopes"], ["corr", "Their correlation"]]],
  ["The study", [["size", "Rows per person"], ["people", "People"]]],
  ["Where to read it", [["from", "Step starts at"]]],
];
// lowest, highest, step, first value
const LEVELS = { size: [2, 40, 1, 6], people: [5, 100, 1, 40], corr: [-0.9, 0.9, 0.1, 0], from: [0, 3, 1, 0] };
const ODDS = { intercept: [-4, 4, 0.1, -1], slope: [-2, 2, 0.05, 0.7], sd0: [0, 4, 0.1, 2], sd1: [0, 1, 0.05, 0.2] };
const RATES = { intercept: [-2, 3, 0.1, 0.5], slope: [-1, 1, 0.05, 0.3], sd0: [0, 1.5, 0.05, 0.6], sd1: [0, 0.5, 0.02, 0.1] };
const RANGES = {
  binary: { ...LEVELS, ...ODDS },
  count: { ...LEVELS, ...RATES },
  ordinal: { ...LEVELS, ...ODDS, intercept: [-4, 4, 0.1, -0.5] },
};
const THRESHOLDS = { binary: [0], count: null, ordinal: [-1.5, 0, 1.5] };
const thresholdsOf = (outcome) => (FIT ? FIT.means.thresholds : null) ?? THRESHOLDS[outcome];
const state = { outcome: FIT ? FIT.outcome : "binary", posterior: Boolean(FIT), seed: 1, code: false };

const NAMES = FIT
  ? { one: "group", many: "groups", Many: "Groups", x: escaped(FIT.x.name), unit: escaped(FIT.unit),
      categories: FIT.categories.map(escaped), step: FIT.x.step }
  : { one: "person", many: "people", Many: "People", x: "x", unit: "", step: 1,
      categories: ["category 1", "category 2", "category 3", "category 4"] };
NAMES.flag = Boolean(FIT) && FIT.x.low === 0 && FIT.x.high === 1;
NAMES.span = (from) => `from ${NAMES.x} = ${figure(from)} to ${figure(from + NAMES.step)}`;

function niceStep(width) {
  const power = 10 ** Math.floor(Math.log10(width));
  return [1, 2, 5, 10].map((k) => k * power).find((k) => k >= width);
}

/** The ranges of the sliders, around a posterior where there is one. */
function rangesOf(outcome) {
  if (!FIT) return RANGES[outcome];
  const { low, high, step } = FIT.x, at = FIT.means, own = RANGES[outcome];
  const around = (value, width) => {
    const unit = niceStep(width / 100);
    const first = Math.round(value / unit) * unit;
    return [first - 50 * unit, first + 50 * unit, unit, first].map((v) => Number(v.toPrecision(10)));
  };
  const upTo = (value, most) => {
    const unit = niceStep(Math.max(2.5 * value, most) / 100);
    return [0, 100 * unit, unit, Math.round(value / unit) * unit].map((v) => Number(v.toPrecision(10)));
  };
  const steps = Math.max(0, Math.floor((high - low) / step + 1e-9) - 1);
  return {
    intercept: around(at.intercept, 8), slope: around(at.slope, Math.max(4 * Math.abs(at.slope), 2 / step)),
    sd0: upTo(at.sd0, own.sd0[1]), sd1: upTo(at.sd1, 0.5 / step),
    corr: [-0.99, 0.99, 0.01, Math.round(100 * at.corr) / 100],
    size: [2, Math.max(40, FIT.size), 1, Math.max(2, FIT.size)],
    people: [5, Math.max(100, Math.min(FIT.groups, 200)), 1, Math.max(5, Math.min(FIT.groups, 200))],
    from: [low, low + steps * step, step, low],
  };
}

function slider(id, label) {
  return `<div class="slider"><label for="${id}">${label}</label><output id="${id}-value" for="${id}"></output>
    <input type="range" id="${id}"></div>`;
}

function buildControls() {
  const outcomes = Object.entries(OUTCOMES).filter(([key]) => !FIT || key === FIT.outcome)
    .map(([key, text]) => `<label><input type="radio" name="outcome" value="${key}"
      ${key === state.outcome ? "checked" : ""}>${text}</label>`).join("");
  const groups = SLIDERS.map(([title, list]) => {
    const heading = FIT ? title.replace("person", "group").replace("people", "groups") : title;
    const rows = list.map(([id, text]) =>
      slider(id, FIT ? text.replace("person", "group").replace("People", "Groups") : text)).join("");
    const cut = title.startsWith("Where")
      ? `<div class="slider" id="cut-row"><label for="cut">Chance of</label><select id="cut"></select></div>` : "";
    return `<fieldset><legend>${heading}</legend>${rows}${cut}</fieldset>`;
  }).join("");
  document.querySelector(".controls").innerHTML =
    `<fieldset><legend>Outcome</legend><div class="choice">${outcomes}</div></fieldset>${groups}
    <button type="button" id="reset">${FIT ? "Back to the posterior" : "Start again"}</button>`;
}

/** Put the sliders where they start. */
function resetControls() {
  for (const [id, [low, high, step, value]] of Object.entries(rangesOf(state.outcome))) {
    Object.assign($(id), { min: low, max: high, step });
    $(id).value = value;
  }
  const thresholds = thresholdsOf(state.outcome);
  $("cut-row").hidden = state.outcome !== "ordinal";
  $("cut").innerHTML = (thresholds ?? []).map((_, k) =>
    `<option value="${k + 1}">${NAMES.categories[k + 1] ?? k + 1}${k + 1 < thresholds.length ? " or higher" : ""}</option>`).join("");
  $("cut").value = String(thresholds ? Math.ceil(thresholds.length / 2) : 1);
}

function readSetting() {
  const number = (id) => Number($(id).value);
  return {
    outcome: state.outcome, thresholds: thresholdsOf(state.outcome),
    cut: number("cut") || 1, intercept: number("intercept"), slope: number("slope"), sd0: number("sd0"),
    sd1: number("sd1"), corr: number("corr"), size: number("size"), people: number("people"),
    lo: FIT ? FIT.x.low : 0, hi: FIT ? FIT.x.high : 4, seed: state.seed,
  };
}
