// From the server's running totals to rates, shares and latencies. Knows nothing of the page.

/** Seconds that a point covers, and seconds that the charts show. */
const WINDOW = 5, SPAN = 180;
/** Arms whose answers clients get. */
const ANSWERING = ["stable", "canary"];

/** The time below which `share` of the answers came; null without answers. counts has one bucket more than ends. */
function quantile(counts, ends, share) {
  const total = sum(counts);
  if (!total) return null;
  let below = 0;
  for (let i = 0; i < ends.length; i++) {
    if (counts[i] && below + counts[i] >= share * total) {
      const from = i ? ends[i - 1] : 0;
      return from + (ends[i] - from) * (share * total - below) / counts[i];
    }
    below += counts[i];
  }
  return ends[ends.length - 1];
}

function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}

const keyOf = (...parts) => JSON.stringify(parts);

/** The totals of one state.json: by arm of a version, by model and by version. */
function totals(state) {
  const found = { time: state.time, ends: state.bucket_ends, arms: new Map(), models: new Map(), versions: new Map() };
  const arm = (...key) => at(found.arms, keyOf(...key), () => ({ key, buckets: state.bucket_ends.map(() => 0).concat(0), errors: 0 }));
  for (const one of state.latencies) arm(one.model, one.version, one.arm).buckets = one.buckets;
  for (const { name, labels, value } of state.counters) {
    if (name === "sluicegate_version_errors") arm(labels.model_name, labels.version, labels.arm).errors += value;
    if (name === ":tensorflow:serving:request_count") {
      const model = at(found.models, labels.model_name, () => ({ requests: 0, errors: 0 }));
      model.requests += value;
      if (labels.status !== "OK") model.errors += value;
    }
  }
  for (const model of state.models) {
    for (const v of model.versions) found.versions.set(keyOf(model.name, v.version), { batches: v.batches, rows: v.batched_rows });
  }
  return found;
}

function at(map, key, make) {
  if (!map.has(key)) map.set(key, make());
  return map.get(key);
}

/** Whether `next` cannot come from the same process as `last`: totals never fall. */
function restarted(last, next) {
  if (next.time < last.time) return true;
  for (const [key, arm] of last.arms) {
    const now = next.arms.get(key);
    if (!now || sum(now.buckets) < sum(arm.buckets) || now.errors < arm.errors) return true;
  }
  for (const [name, model] of last.models) {
    if ((next.models.get(name)?.requests ?? 0) < model.requests) return true;
  }
  return false;
}

/** What came in between two totals, over the arms that `wanted` takes. Latencies in microseconds. */
function between(before, now, wanted) {
  const counts = now.ends.map(() => 0).concat(0);
  let errors = 0;
  for (const [key, arm] of now.arms) {
    if (!wanted(...arm.key)) continue;
    const old = before.arms.get(key);
    arm.buckets.forEach((count, i) => { counts[i] += count - (old ? old.buckets[i] : 0); });
    errors += arm.errors - (old ? old.errors : 0);
  }
  const answers = sum(counts);
  return {
    rate: (answers + errors) / (now.time - before.time),
    share: answers + errors ? errors / (answers + errors) : null,
    p50: quantile(counts, now.ends, 0.5),
    p99: quantile(counts, now.ends, 0.99),
  };
}

/** The last three minutes of a server. */
class History {
  constructor() {
    this.forget();
  }

  forget() {
    this.recent = [];
    /** By key of an arm, or of a model's requests of every kind: points {t, rate, share, p50, p99}, oldest first. */
    this.points = new Map();
  }

  add(state) {
    const now = totals(state);
    const last = this.recent.at(-1);
    if (last && restarted(last, now)) this.forget();
    if (last && now.time === last.time) return;
    this.recent = this.recent.filter((one) => one.time >= now.time - WINDOW - 0.5);
    this.recent.push(now);
    if (this.recent.length > 1) this.#measure(now, this.recent[0]);
  }

  #measure(now, before) {
    for (const [key, arm] of now.arms) {
      this.#note(key, now.time, between(before, now, (...other) => keyOf(...other) === keyOf(...arm.key)));
    }
    for (const [name, model] of now.models) {
      const old = before.models.get(name) ?? { requests: 0, errors: 0 };
      const requests = model.requests - old.requests;
      const share = requests ? (model.errors - old.errors) / requests : null;
      this.#note(keyOf(name), now.time, { rate: requests / (now.time - before.time), share, p50: null, p99: null });
    }
  }

  #note(key, t, values) {
    const points = at(this.points, key, () => []);
    points.push({ t, ...values });
    while (points[0].t < t - SPAN) points.shift();
  }

  get time() {
    return this.recent.at(-1)?.time ?? 0;
  }

  /** Arms of a model of which there is something to draw, by version and arm. */
  arms(model) {
    const shown = [...(this.recent.at(-1)?.arms ?? new Map())].filter(
      ([key, arm]) => arm.key[0] === model && (this.points.get(key) ?? []).some((p) => p.rate > 0));
    return shown.map(([key, arm]) => ({ key, version: arm.key[1], arm: arm.key[2] }));
  }

  /** Now, over some arms of a model; null before the second state. */
  now(model, wanted = (version, arm) => ANSWERING.includes(arm)) {
    if (this.recent.length < 2) return null;
    return between(this.recent[0], this.recent.at(-1), (m, version, arm) => m === model && wanted(version, arm));
  }

  /** All requests to a model, now: {rate, share}. */
  requests(model) {
    const last = this.points.get(keyOf(model))?.at(-1);
    return last ?? (this.recent.length > 1 ? { rate: 0, share: null } : null);
  }

  /** Rows per batch now, or since the version was loaded where nothing runs now; null where nothing ever did. */
  batch(model, version) {
    const key = keyOf(model, version);
    const now = this.recent.at(-1)?.versions.get(key);
    const old = this.recent[0]?.versions.get(key);
    if (!now?.batches) return null;
    const fresh = old && now.batches > old.batches;
    return fresh ? (now.rows - old.rows) / (now.batches - old.batches) : now.rows / now.batches;
  }
}

const NONE = "–";

function rateText(value) {
  if (value == null) return NONE;
  return value >= 100 ? Math.round(value).toLocaleString("en") : value.toFixed(1);
}

function shareText(value) {
  if (value == null) return NONE;
  const percent = 100 * value;
  if (percent === 0 || percent >= 10) return `${Math.round(percent)} %`;
  return percent < 0.1 ? "< 0.1 %" : `${percent.toFixed(1)} %`;
}

/** Of microseconds, with two significant digits: the buckets give no more. */
function timeText(micros) {
  if (micros == null) return NONE;
  const [value, unit] = micros < 995 ? [micros, "µs"] : micros < 995e3 ? [micros / 1e3, "ms"] : [micros / 1e6, "s"];
  return `${Number(value.toPrecision(2))} ${unit}`;
}
