// Pictures as SVG text, drawn in the pixels they are shown in; colours are the page's classes.

const escaped = (text) => String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
const px = (v) => v.toFixed(2);

function ticks(low, high, about) {
  const raw = (high - low) / about, power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((k) => k * power).find((k) => k >= raw * 0.75);
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) {
    found.push(Number((k * step).toPrecision(12)));
  }
  return found;
}

/** Axes of a picture w pixels wide: its scales, and the SVG of ticks and titles. */
function frame({ w, h, x, y, xTitle, yTitle, roomy, bottom = 40 }) {
  const box = { left: 44, right: w - (roomy ? 128 : 12), top: 30, bottom: h - bottom };
  const sx = (v) => box.left + ((v - x[0]) / (x[1] - x[0])) * (box.right - box.left);
  const sy = (v) => box.bottom - ((v - y[0]) / (y[1] - y[0])) * (box.bottom - box.top);
  const lines = ticks(y[0], y[1], 5).map((v) =>
    `<line class="grid" x1="${box.left}" x2="${px(box.right)}" y1="${px(sy(v))}" y2="${px(sy(v))}"/>` +
    `<text class="tick" x="${box.left - 8}" y="${px(sy(v) + 4)}" text-anchor="end">${minus(String(v))}</text>`);
  const marks = ticks(x[0], x[1], w < 460 ? 4 : 6).map((v) =>
    `<text class="tick" x="${px(sx(v))}" y="${px(box.bottom + 18)}" text-anchor="middle">${minus(String(v))}</text>`);
  const titles =
    `<text class="axis" x="${px(box.right)}" y="${px(box.bottom + 35)}" text-anchor="end">${escaped(xTitle)}</text>` +
    `<text class="axis" x="0" y="14">${escaped(yTitle)}</text>`;
  return { box, sx, sy, svg: lines.join("") + marks.join("") + titles };
}

function path(points) {
  return points.map(([x, y], k) => `${k ? "L" : "M"}${px(x)} ${px(y)}`).join("");
}

/** Labels at the ends of curves, pushed apart; inside the picture where there is no room. */
function endLabels(f, labels, roomy) {
  const gap = roomy ? 17 : 0, sorted = labels.map((l) => ({ ...l })).sort((a, b) => a.y - b.y);
  for (let k = 1; k < sorted.length; k++) sorted[k].y = Math.max(sorted[k].y, sorted[k - 1].y + gap);
  const over = sorted.length ? sorted.at(-1).y - (f.box.bottom - 4) : 0;
  if (over > 0) {
    sorted.at(-1).y -= over;
    for (let k = sorted.length - 2; k >= 0; k--) sorted[k].y = Math.min(sorted[k].y, sorted[k + 1].y - gap);
  }
  const x = roomy ? f.box.right + 8 : f.box.right - 4, anchor = roomy ? "start" : "end";
  const place = sorted.map((l, k) => l.y + (roomy ? 4 : k === 0 ? -9 : 19));
  if (!roomy && place[1] > f.box.bottom - 3) {
    place[1] = sorted[1].y - 9;
    place[0] = Math.min(place[0], place[1] - 17);
  }
  return sorted.map((l, k) => `<text class="label ${l.who}" x="${px(x)}" y="${px(place[k])}"
    text-anchor="${anchor}">${l.text}</text>`).join("");
}

/** People, typical and average curves; bands where there is a posterior. */
function curves({ w, h, x, y, xTitle, yTitle, people, lines, bands, dots, clip }) {
  const roomy = w >= 520, f = frame({ w, h, x, y, xTitle, yTitle, roomy });
  const inside = (v) => Math.min(y[1] + (y[1] - y[0]), Math.max(y[0] - (y[1] - y[0]), v));
  const at = (xs, ys) => xs.map((v, k) => [f.sx(v), f.sy(inside(ys[k]))]);
  const grey = people.map((q) => `<path class="person" d="${path(at(q.xs, q.ys))}"/>`);
  const shade = bands.map((b) => `<path class="band ${b.who}"
    d="${path([...at(b.xs, b.low), ...at(b.xs, b.high).reverse()])}Z"/>`);
  const main = lines.map((l) => `<path class="curve ${l.who}" d="${path(at(l.xs, l.ys))}"/>`);
  const points = dots.map((d) => `<line class="drop" x1="${px(f.sx(d.x))}" x2="${px(f.sx(d.x))}"
    y1="${px(f.box.top)}" y2="${px(f.box.bottom)}"/>`);
  const round = dots.flatMap((d) => d.at.map((v) => `<circle class="dot ${v.who}" r="5"
    cx="${px(f.sx(d.x))}" cy="${px(f.sy(inside(v.y)))}"/>`));
  const ends = lines.map((l) => ({ who: l.who, text: l.text, y: f.sy(inside(l.ys.at(-1))) }))
    .map((l) => ({ ...l, y: Math.min(f.box.bottom, Math.max(f.box.top, l.y)) }));
  return `${f.svg}<clipPath id="${clip}"><rect x="${f.box.left - 6}" y="${f.box.top - 6}"
    width="${px(f.box.right - f.box.left + 12)}" height="${px(f.box.bottom - f.box.top + 12)}"/></clipPath>
    <g clip-path="url(#${clip})">${grey.join("")}${points.join("")}${shade.join("")}${main.join("")}${round.join("")}</g>
    ${endLabels(f, ends, roomy)}`;
}

/** Own means above, pooled ones below, a line for each person. */
function slopegraph({ w, h, x, xTitle, people, average, names }) {
  const box = { left: 12, right: w - 12, top: 100, bottom: h - 62 };
  const piles = new Map(), height = people.map((q) => {
    const pile = piles.get(q.own) ?? 0;
    piles.set(q.own, pile + 1);
    return pile;
  });
  const rise = Math.min(8, 68 / Math.max(...piles.values()));
  const sx = (v) => box.left + ((v - x[0]) / (x[1] - x[0])) * (box.right - box.left);
  const marks = ticks(x[0], x[1], w < 460 ? 4 : 8).map((v) =>
    `<line class="grid" x1="${px(sx(v))}" x2="${px(sx(v))}" y1="${box.top - 10}" y2="${box.bottom + 12}"/>` +
    `<text class="tick" x="${px(sx(v))}" y="${box.bottom + 30}" text-anchor="middle">${minus(String(v))}</text>`);
  const links = people.map((q) =>
    `<line class="pull" x1="${px(sx(q.own))}" y1="${box.top}" x2="${px(sx(q.pooled))}" y2="${box.bottom}"/>`);
  const dots = people.map((q, k) =>
    `<circle class="dot own" r="${px(Math.max(1.2, Math.min(3.5, rise / 2)))}" cx="${px(sx(q.own))}" cy="${px(box.top - rise * height[k])}"/>` +
    `<circle class="dot truth" r="3.5" cx="${px(sx(q.pooled))}" cy="${box.bottom}"/>`);
  return `${marks.join("")}<line class="mean" x1="${px(sx(average))}" x2="${px(sx(average))}"
    y1="${box.top - 10}" y2="${box.bottom + 12}"/>${links.join("")}${dots.join("")}
    <text class="label own" x="0" y="14">${names[0]}</text>
    <text class="label truth" x="0" y="${box.bottom + 52}">${names[1]}</text>
    <text class="axis" x="${px(w)}" y="${box.bottom + 52}" text-anchor="end">${escaped(xTitle)}</text>`;
}

/** Shares of the categories along x, stacked, the highest on top. */
function stack({ w, h, x, xs, shares, xTitle, yTitle, names }) {
  const roomy = false, f = frame({ w, h, x, y: [0, 1], xTitle, yTitle, roomy });
  const below = xs.map(() => 0), parts = [];
  names.forEach((name, k) => {
    const low = xs.map((v, i) => [f.sx(v), f.sy(below[i])]);
    shares.forEach((row, i) => { below[i] += row[k]; });
    const high = xs.map((v, i) => [f.sx(v), f.sy(below[i])]);
    const level = names.length > 1 ? k / (names.length - 1) : 0;
    parts.push(`<path class="share" fill-opacity="${px(0.12 + 0.6 * level)}" d="${path([...low, ...high.reverse()])}Z"/>`);
    const thick = shares.map((row) => row[k]), best = thick.indexOf(Math.max(...thick));
    const place = Math.min(Math.max(best, 4), xs.length - 5);
    const middle = below[place] - shares[place][k] / 2;
    if (shares[place][k] > 0.09) {
      parts.push(`<text class="within" x="${px(f.sx(xs[place]))}" y="${px(f.sy(middle) + 4)}"
        text-anchor="middle">${escaped(name)}</text>`);
    }
  });
  return f.svg + parts.join("");
}
