// Lines over the last three minutes, with one cursor for all of them.

const HEIGHT = 190, LEFT = 52, RIGHT = 10, TOP = 12, BOTTOM = 24;
const COLOURS = 6;
/** Arms begin with the colour that they have in the traffic split. */
const COLOUR_OF = { stable: 0, canary: 1, shadow: 2 };

/** Gives every key a colour that it keeps, and no two the same while there are enough. */
class Colours {
  constructor() {
    this.taken = new Map();
  }

  of(key, arm) {
    return at(this.taken, key, () => {
      const used = new Set(this.taken.values());
      for (let i = 0; i < COLOURS; i++) {
        const colour = ((COLOUR_OF[arm] ?? 3) + i) % COLOURS;
        if (!used.has(colour)) return colour;
      }
      return (COLOUR_OF[arm] ?? 3) % COLOURS;
    });
  }

  keep(keys) {
    for (const key of this.taken.keys()) if (!keys.includes(key)) this.taken.delete(key);
  }
}

/** A linear axis from 0, or one by powers for latencies: {place(value) from 0 to 1, ticks}. */
function linear(highest, least) {
  const top = Math.max(highest, least);
  const step = [1, 2, 5, 10].map((f) => f * 10 ** Math.floor(Math.log10(top / 4))).find((s) => top / s <= 5);
  const ticks = [];
  for (let i = 0; i * step <= top * 1.05; i++) ticks.push(i * step);
  return { place: (value) => value / (top * 1.05), ticks };
}

function powers(lowest, highest) {
  const from = Math.log10(lowest / 1.4), to = Math.log10(highest * 1.4);
  const ticks = [];
  for (let power = Math.floor(from); power <= to; power++) {
    for (const digit of to - from > 2 ? [1] : [1, 2, 5]) ticks.push(digit * 10 ** power);
  }
  const inside = ticks.filter((tick) => Math.log10(tick) >= from && Math.log10(tick) <= to);
  return { place: (value) => (Math.log10(value) - from) / (to - from), ticks: inside };
}

/** The chart's points as the d of an SVG path: a new line after each gap. */
function lineOf(points, field, x, y) {
  let d = "", last = null;
  for (const point of points) {
    if (point[field] == null) { last = null; continue; }
    d += `${last !== null && point.t - last < WINDOW ? "L" : "M"}${x(point.t).toFixed(1)},${y(point[field]).toFixed(1)}`;
    last = point.t;
  }
  return d;
}

/** One chart. `fields` are drawn per line, the second one dashed; `text` writes a value, `tick` one of the axis. */
class Chart {
  constructor(title, unit, { fields, text, tick, axis }, cursor) {
    Object.assign(this, { title, unit, fields, text, tick, axis, cursor, lines: [], now: 0 });
    this.svg = draw("svg", { class: "chart", height: HEIGHT, "aria-hidden": "true" });
    this.box = make("div", {
      class: "plot", tabindex: "0", role: "slider", "aria-label": `${title}, ${unit}: seconds before now`,
      "aria-valuemin": -SPAN, "aria-valuemax": 0, "aria-valuenow": 0,
    }, this.svg);
    this.legend = make("ul", { class: "legend" });
    this.figure = make("figure", {}, make("figcaption", {}, make("span", { class: "strong" }, title), ` ${unit}`), this.box, this.legend);
    this.box.addEventListener("pointermove", (event) => cursor.set(this.#timeAt(event.offsetX)));
    this.box.addEventListener("pointerleave", () => cursor.set(null));
    this.box.addEventListener("blur", () => cursor.set(null));
    this.box.addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(() => this.draw()).observe(this.box);
  }

  #timeAt(x) {
    const share = (x - LEFT) / (this.box.clientWidth - LEFT - RIGHT);
    return Math.round(Math.min(0, Math.max(-SPAN, (share - 1) * SPAN)));
  }

  #key(event) {
    const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -15, PageUp: 15, Home: -SPAN, End: SPAN };
    if (event.key === "Escape") this.cursor.set(null);
    if (!(event.key in steps)) return;
    event.preventDefault();
    this.cursor.set(Math.min(0, Math.max(-SPAN, (this.cursor.ago ?? 0) + steps[event.key])));
  }

  /** lines : {name, colour, points}; colour null is the quiet one.  now : the server's time. */
  set(lines, now) {
    Object.assign(this, { lines, now });
    this.draw();
  }

  draw() {
    const width = this.box.clientWidth;
    if (!width) return;
    const values = this.lines.flatMap((l) => l.points.flatMap((p) => this.fields.map((f) => p[f]))).filter((v) => v != null);
    const { place, ticks } = this.axis(values);
    const x = (t) => LEFT + (width - LEFT - RIGHT) * (1 + (t - this.now) / SPAN);
    const y = (value) => HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * place(value);
    this.svg.setAttribute("width", width);
    this.svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    this.svg.replaceChildren(...this.#grid(ticks, x, y, width), ...this.lines.flatMap((line) => this.#line(line, x, y)), ...this.#mark(x));
    this.#tell();
  }

  #grid(ticks, x, y, width) {
    const nodes = ticks.flatMap((tick) => [
      draw("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: y(tick), y2: y(tick) }),
      draw("text", { x: LEFT - 7, y: y(tick) + 4, "text-anchor": "end" }, this.tick(tick)),
    ]);
    for (const minutes of [3, 2, 1, 0]) {
      const place = { x: x(this.now - 60 * minutes), y: HEIGHT - 6, "text-anchor": minutes === 3 ? "start" : minutes ? "middle" : "end" };
      nodes.push(draw("text", place, minutes ? `−${minutes} min` : "now"));
    }
    return nodes;
  }

  #line(line, x, y) {
    return this.fields.map((field, i) => draw("path", {
      class: `line ${line.colour === null ? "quiet-line" : `c${line.colour}`}${i ? " dashed" : ""}`, d: lineOf(line.points, field, x, y),
    }));
  }

  #mark(x) {
    if (this.cursor.ago === null) return [];
    const place = x(this.now + this.cursor.ago);
    return [draw("line", { class: "cursor", x1: place, x2: place, y1: TOP, y2: HEIGHT - BOTTOM })];
  }

  /** The values at the cursor, or now, in the legend and to screen readers. */
  #tell() {
    const t = this.now + (this.cursor.ago ?? 0);
    const told = this.lines.map((line) => {
      const point = line.points.findLast((p) => p.t <= t + 0.5 && p.t > t - 3);
      return this.fields.map((field) => this.text(point?.[field])).join(" / ");
    });
    rebuild(this.legend, this.lines.map((l) => [l.name, l.colour]), () => this.lines.map(legendItem));
    this.lines.forEach((line, i) => say(this.legend.children[i].lastChild, told[i]));
    const text = this.lines.map((line, i) => `${line.name}: ${told[i]}`).join("; ") || "no requests yet";
    this.box.setAttribute("aria-valuenow", this.cursor.ago ?? 0);
    this.box.setAttribute("aria-valuetext", `${this.cursor.ago ? `${-this.cursor.ago} seconds ago` : "now"}: ${text}`);
  }
}

function legendItem(line) {
  const colour = line.colour === null ? "quiet-line" : `c${line.colour}`;
  const key = draw("svg", { class: "key", viewBox: "0 0 22 10", "aria-hidden": "true" }, draw("path", { class: `line ${colour}`, d: "M1,5H21" }));
  return make("li", {}, key, make("bdi", {}, line.name), make("span", { class: "value" }));
}

/** All charts of the page, and the place in time that the reader looks at: seconds, 0 or less, or null for now. */
class Charts {
  constructor(parent) {
    this.ago = null;
    this.colours = new Colours();
    const highest = (values) => Math.max(0, ...values);
    this.rates = new Chart("Requests", "per second", {
      fields: ["rate"], text: rateText, tick: rounded, axis: (values) => linear(highest(values), 1),
    }, this);
    this.latencies = new Chart("Latency", "p50, p99 dashed", {
      fields: ["p50", "p99"], text: timeText, tick: timeText,
      axis: (values) => (values.length ? powers(Math.min(...values), Math.max(...values)) : powers(1e3, 1e4)),
    }, this);
    this.errors = new Chart("Errors", "share of requests", {
      fields: ["share"], text: shareText, tick: (share) => `${rounded(100 * share)} %`, axis: (values) => linear(highest(values), 0.04),
    }, this);
    this.all = [this.rates, this.latencies, this.errors];
    parent.append(...this.all.map((chart) => chart.figure));
  }

  set(ago) {
    this.ago = ago;
    this.all.forEach((chart) => chart.draw());
  }

  update(history, model) {
    const arms = history.arms(model);
    this.colours.keep(arms.map((arm) => arm.key));
    const lines = arms.map(({ key, version, arm }) => ({
      name: `${version} ${arm}`, colour: this.colours.of(key, arm), points: history.points.get(key),
    }));
    const every = { name: "all requests", colour: null, points: history.points.get(keyOf(model)) ?? [] };
    this.rates.set(lines.length ? lines : [every], history.time);
    this.latencies.set(lines, history.time);
    this.errors.set([...lines, every], history.time);
  }
}

/** Without the dust of binary fractions. */
function rounded(value) {
  return Number(value.toPrecision(6)).toLocaleString("en");
}
