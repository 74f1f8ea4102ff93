// Asks for state.json every second and shows what it says.

const EVERY = 1000, PATIENCE = 5000;
const LOOKS = { AVAILABLE: "is-PASSED", LOADING: "is-UNKNOWN", START: "is-UNKNOWN", UNLOADING: "is-UNKNOWN", END: "is-SKIPPED" };
const past = new History();
const charts = new Charts($("charts"));
const form = new RequestForm((name) => { location.hash = encodeURIComponent(name); });
let state = null, timer = 0, states = new Map();

async function poll() {
  clearTimeout(timer);
  if (document.hidden) return;
  try {
    const response = await fetch("state.json", { signal: AbortSignal.timeout(PATIENCE), cache: "no-store" });
    if (!response.ok) throw new Error(`it answers ${response.status}`);
    state = await response.json();
    past.add(state);
    pulse("is-PASSED", "live");
    render();
  } catch (error) {
    pulse("is-FAILED", `no news from the server: ${error.name === "TimeoutError" ? "it does not answer" : error.message}`);
  }
  clearTimeout(timer);
  timer = setTimeout(poll, EVERY);
}

function pulse(look, text) {
  if ($("pulse").className !== `when ${look}`) $("pulse").className = `when ${look}`;
  say($("pulse-text"), text);
}

function chosen() {
  const wanted = parsedHash();
  return state.models.find((model) => model.name === wanted) ?? state.models[0];
}

function parsedHash() {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return "";
  }
}

function render() {
  if (!state) return;
  const model = chosen();
  show($("empty"), !model);
  show($("model"), Boolean(model));
  show($("draining"), state.draining);
  const troubles = watchTroubles();
  say($("watch-problem"), troubles.join(" "));
  show($("watch-problem"), troubles.length > 0);
  tellNews();
  rebuild($("models"), [state.models.map((one) => one.name), model?.name], () => state.models.map((one) => tab(one.name, one === model)));
  if (!model) return;
  say($("name"), model.name);
  say($("place"), model.base_path);
  say($("problem"), model.problem);
  show($("problem"), Boolean(model.problem));
  figures(model);
  traffic(model);
  versions(model);
  signatures(model);
  form.update(state.models, model);
  charts.update(past, model.name);
  document.title = `${model.name} · Sluicegate model server`;
}

/** What is watched for all models together, and whatever is not looked at any more; a model's own files stand at the model. */
function watchTroubles() {
  const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}.`;
  const broken = state.watches.filter((one) => one.problem && !one.model).map((one) => `the ${one.watch} cannot be used, and stays as it was: ${one.problem}`);
  return [...broken, ...state.watches.filter((one) => one.late).map((one) => one.late)].map(sentence);
}

function tab(name, current) {
  return make("li", {}, make("a", { href: `#${encodeURIComponent(name)}`, "aria-current": current ? "page" : null }, name));
}

/** Says to screen readers which version came to which state. */
function tellNews() {
  const now = new Map(state.models.flatMap((m) => m.versions.map((v) => [`${m.name} version ${v.version}`, v.state])));
  const news = [...now].filter(([name, one]) => states.size && states.get(name) !== one).map(([name, one]) => `${name} is ${one}`);
  if (news.length) say($("news"), news.join(", "));
  states = now;
}

function figures(model) {
  const now = past.now(model.name), all = past.requests(model.name);
  const busy = model.versions.reduce((total, v) => total + v.in_use, 0);
  const facts = [
    ["Requests/s", rateText(all?.rate)], ["Errors", shareText(all?.share)], ["p50", timeText(now?.p50)], ["p99", timeText(now?.p99)],
    ["Under way", String(busy)], ...requestLog(),
  ];
  rebuild($("figures"), facts.map(([name]) => name), () => facts.map(([name]) => make("div", {}, make("dt", {}, name), make("dd"))));
  facts.forEach(([, value], i) => say($("figures").children[i].lastChild, value));
}

/** Of the whole server, where it keeps a request log. */
function requestLog() {
  const counts = new Map(state.counters.map((counter) => [counter.name, counter.value]));
  return ["written", "dropped", "failed"].filter((name) => counts.has(`sluicegate_request_log_${name}`))
    .map((name) => [`Log: ${name}`, counts.get(`sluicegate_request_log_${name}`).toLocaleString("en")]);
}

/** How requests are meant to be split: {arm, version, share, copies}. */
function split(model) {
  const released = model.release;
  if (!released) {
    const latest = model.versions.find((v) => v.state === "AVAILABLE");
    return latest ? [{ arm: "stable", version: latest.version, share: 1 }] : [];
  }
  if (released.stable === null) return [];
  const up = model.versions.some((v) => v.version === released.canary && v.state === "AVAILABLE");
  const stable = { arm: "stable", version: released.stable, share: 1 };
  if (released.canary === null || released.canary === released.stable || !up) return [stable];
  if (released.mode === "shadow") return [stable, { arm: "shadow", version: released.canary, share: 0, copies: true }];
  return [{ ...stable, share: 1 - released.weight }, { arm: "canary", version: released.canary, share: released.weight }];
}

function traffic(model) {
  const parts = split(model);
  const measured = past.now(model.name);
  rebuild($("split"), parts, () => parts.filter((p) => p.share > 0).map((p) => {
    const node = make("span", { class: `c${COLOUR_OF[p.arm]}` });
    node.style.flexGrow = p.share;
    return node;
  }));
  rebuild($("parts"), parts, () => parts.map((p) => make("li", { class: `c${COLOUR_OF[p.arm]}` },
    make("span", { class: "swatch", "aria-hidden": "true" }), make("span", { class: "strong" }, model.release ? p.arm : "latest"),
    ` version ${p.version}: ${p.copies ? "a copy of every request, and nobody waits for it" : `${percent(p.share)} of requests`}`,
    make("span", { class: "quiet" }))));
  parts.forEach((p, i) => {
    const own = past.now(model.name, (version, arm) => version === p.version && arm === p.arm);
    const text = own && measured?.rate && !p.copies && parts.length > 1 ? `, now ${percent(own.rate / measured.rate)}` : "";
    say($("parts").children[i].lastChild, text);
  });
  say($("routing"), routingText(model));
}

const percent = (share) => `${Number((100 * share).toFixed(1))} %`;

function routingText(model) {
  const released = model.release;
  if (!released) return "No release state: the latest version that is available answers.";
  const text = `Release state: stable ${released.stable ?? "none"}, canary ${released.canary ?? "none"}, weight ${percent(released.weight)}, mode ${released.mode}.`;
  const canary = model.versions.find((v) => v.version === released.canary);
  const waits = released.canary !== null && released.canary !== released.stable && canary?.state !== "AVAILABLE";
  return waits ? `${text} The canary is not available, so stable answers everything.` : text;
}

function versions(model) {
  const shape = model.versions.map((v) => [v.version, v.state, v.error, names(model, v.version)]);
  rebuild($("versions"), [model.name, shape], () => model.versions.flatMap((v) => versionRow(model, v)));
  for (const row of $("versions").children) {
    const version = model.versions.find((v) => v.version === row.dataset.version);
    const now = past.now(model.name, (number) => number === version.version);
    const values = [rateText(now?.rate), timeText(now?.p50), timeText(now?.p99), shareText(now?.share),
      rateText(past.batch(model.name, version.version)), String(version.waiting_rows)];
    row.querySelectorAll("td.n").forEach((cell, i) => say(cell, values[i]));
  }
}

/** What else a version is called: its arms and labels. */
function names(model, number) {
  return Object.entries(labels(model)).filter(([, version]) => version === number).map(([label]) => label);
}

function versionRow(model, version) {
  const cell = (attributes, ...children) => make("td", { role: "cell", ...attributes }, ...children);
  const failed = version.error !== null;
  const badge = make("span", { class: `${failed ? "is-FAILED" : LOOKS[version.state] ?? "is-UNKNOWN"} badge` }, version.state);
  const error = failed ? make("span", { class: "under error-text" }, `${version.error.code}: ${version.error.message}`) : null;
  const called = names(model, version.version);
  return make("tr", { role: "row", "data-version": version.version },
    make("th", { scope: "row", role: "rowheader", class: "mono" }, version.version),
    cell({ class: "whole-if-failed", "data-label": "State" }, badge, error),
    cell({ "data-label": "Asked for as" }, ...(called.length ? called.flatMap((name) => [make("span", { class: "tag" }, name), " "]) : [NONE])),
    ...["Requests/s", "p50", "p99", "Errors", "Rows per batch", "Rows waiting"].map((label) => cell({ class: "n", "data-label": label })));
}

/** Of the version that answers when none is asked for. */
function signatures(model) {
  const available = model.versions.filter((v) => v.state === "AVAILABLE");
  const version = available.find((v) => v.version === model.release?.stable) ?? available[0];
  say($("signatures-of"), version ? `Of version ${version.version}.` : "No version is available.");
  const found = Object.entries(version?.signatures ?? {});
  rebuild($("signatures"), found, () => found.map(([name, signature]) => make("details", {},
    make("summary", {}, make("h3", { class: "mono" }, name),
      make("span", { class: "quiet" }, ` ${counted(signature.inputs, "input")}, ${counted(signature.outputs, "output")} · ${signature.method}`)),
    make("div", { class: "pair" }, specTable("Input", signature.inputs), specTable("Output", signature.outputs)))));
}

function counted(specs, noun) {
  const count = Object.keys(specs).length;
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function specTable(title, specs) {
  const head = [title, "Type", "Shape"].map((text) => make("th", { scope: "col" }, text));
  const rows = Object.entries(specs).map(([name, { dtype, shape }]) => make("tr", {}, make("th", { scope: "row", class: "mono" }, name),
    make("td", { class: "mono" }, dtype), make("td", { class: "mono" }, shape === null ? "any" : `(${shape.map((n) => (n === -1 ? "any" : n)).join(", ")})`)));
  return make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows));
}

document.addEventListener("visibilitychange", poll);
window.addEventListener("hashchange", render);
poll();
