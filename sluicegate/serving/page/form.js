// The form that sends a request, and its answer.

class RequestForm {
  /** onModel : told when the reader chooses another model. */
  constructor(onModel) {
    this.texts = new Map();
    this.edited = false;
    this.model = null;
    this.sent = 0;
    $("choose-model").addEventListener("change", (event) => onModel(event.target.value));
    $("choose-target").addEventListener("change", () => this.#choose());
    $("choose-signature").addEventListener("change", () => this.#choose());
    $("reset").addEventListener("click", () => this.#examples());
    $("body").addEventListener("input", () => { this.edited = true; this.#curl(); });
    $("form").addEventListener("submit", (event) => { event.preventDefault(); this.#send(); });
    $("copy").addEventListener("click", () => this.#copy());
  }

  update(models, model) {
    if (this.model && this.model.name !== model.name) this.#other();
    this.model = model;
    options($("choose-model"), models.map((one) => [one.name, one.name]), model.name);
    options($("choose-target"), targets(model), $("choose-target").value);
    this.#choose();
  }

  /** Another model: nothing said of the last one holds for it. */
  #other() {
    this.sent++;
    for (const id of ["choose-target", "choose-signature"]) $(id).value = "";
    $("answer").replaceChildren(make("p", { class: "quiet" }, "Nothing was sent yet."));
  }

  /** The version whose signatures the fields follow; the answer may come from another one. */
  #version() {
    const target = $("choose-target").value;
    const number = target.startsWith("v:") ? target.slice(2) : target.startsWith("l:") ? labels(this.model)[target.slice(2)] : null;
    if (number !== null) return this.model.versions.find((v) => v.version === number);
    const available = this.model.versions.filter((v) => v.state === "AVAILABLE");
    return available.find((v) => v.version === this.model.release?.stable) ?? available[0];
  }

  #choose() {
    const version = this.#version();
    const names = Object.keys(version?.signatures ?? {});
    options($("choose-signature"), names.map((name) => [name, name]), $("choose-signature").value, preferred(version));
    this.name = $("choose-signature").value;
    const signature = version?.signatures[this.name];
    this.asked = signature ? questions(signature, version.description) : { examples: false, inputs: [] };
    $("send").disabled = !signature;
    const key = [this.model.name, this.name, this.asked];
    if (rebuild($("fields"), key, () => this.#fields())) {
      this.edited = false;
      this.#write();
    }
    this.#curl();
    say($("inputs-note"), noteOf(version, this.asked));
  }

  #fields() {
    return this.asked.inputs.map((asked, i) => {
      const key = this.#key(asked);
      const text = at(this.texts, key, () => exampleOf(asked));
      const box = asked.type === "JSON" ? make("textarea", { rows: "2", class: "mono" }) : make("input", { type: "text" });
      for (const [name, value] of Object.entries({ id: `field-${i}`, name: asked.name, autocomplete: "off", spellcheck: "false" })) box.setAttribute(name, value);
      if (asked.type === "number") box.setAttribute("inputmode", "decimal");
      if (asked.missing) box.setAttribute("placeholder", "missing");
      box.value = text;
      box.addEventListener("input", () => { this.texts.set(key, box.value); this.edited = false; this.#write(); });
      const list = asked.values.length > 1 || asked.type === "yes or no" ? this.#list(box, asked, i) : null;
      return make("label", { for: box.id }, make("bdi", {}, asked.name), " ", make("span", { class: "quiet" }, typeText(asked)), box, list);
    });
  }

  #list(box, asked, i) {
    box.setAttribute("list", `list-${i}`);
    const values = asked.type === "yes or no" ? ["true", "false"] : asked.values;
    return make("datalist", { id: `list-${i}` }, ...values.map((value) => make("option", { value: String(value) })));
  }

  /** Columns keep their text from one signature and version to the next. */
  #key(asked) {
    return keyOf(this.model.name, asked.name, asked.type);
  }

  #examples() {
    this.asked.inputs.forEach((asked, i) => {
      this.texts.set(this.#key(asked), exampleOf(asked));
      $(`field-${i}`).value = exampleOf(asked);
    });
    this.edited = false;
    this.#write();
  }

  #write() {
    this.wrong = "";
    try {
      const texts = new Map(this.asked.inputs.map((asked) => [asked.name, this.texts.get(this.#key(asked))]));
      $("body").value = bodyOf(this.name, this.asked, texts);
    } catch (error) {
      this.wrong = error.message;
    }
    this.#curl();
  }

  #url() {
    return new URL(callPath(this.model.name, $("choose-target").value), location.href).href;
  }

  #curl() {
    say($("edited"), this.edited ? "Changed by hand, and sent as it is; a change in a field writes it anew."
      : "Written from the fields; what you change here is sent as it is.");
    const line = curlLine(this.#url(), $("body").value);
    if ($("curl").textContent !== line) say($("copied"), "");
    say($("curl"), line);
  }

  async #copy() {
    try {
      await copyText($("curl").textContent);
      say($("copied"), "copied");
    } catch (error) {
      say($("copied"), `not copied: ${error.message}`);
    }
  }

  async #send() {
    if (this.wrong && !this.edited) {
      $("answer").replaceChildren(make("pre", { class: "error" }, this.wrong));
      return;
    }
    const turn = ++this.sent, model = this.model, began = performance.now();
    let nodes;
    try {
      const response = await fetch(this.#url(), { method: "POST", body: $("body").value, headers: { "content-type": "application/json" } });
      const text = await response.text();
      nodes = answerNodes(model, response, text, performance.now() - began);
    } catch (error) {
      nodes = [make("pre", { class: "error" }, `The server did not answer: ${error.message}`)];
    }
    if (turn === this.sent) $("answer").replaceChildren(...nodes);
  }
}

/** Fills a select where its options changed; keeps the chosen one, else takes `otherwise`, else the first. */
function options(select, pairs, chosen, otherwise) {
  rebuild(select, pairs, () => pairs.map(([value, text]) => make("option", { value }, text)));
  const values = pairs.map(([value]) => value);
  const wanted = [chosen, otherwise, values[0]].find((value) => values.includes(value));
  if (wanted !== undefined && select.value !== wanted) select.value = wanted;
}

/** Labels that requests may name, with their versions. */
function labels(model) {
  const released = model.release ?? {};
  const arms = ANSWERING.filter((arm) => released[arm] != null).map((arm) => [arm, released[arm]]);
  return { ...model.labels, ...Object.fromEntries(arms) };
}

function targets(model) {
  const free = [["", model.release ? "as routed" : "the latest"]];
  const named = Object.entries(labels(model)).map(([label, version]) => [`l:${label}`, `label ${label} (${version})`]);
  const numbers = model.versions.filter((v) => v.state === "AVAILABLE").map((v) => [`v:${v.version}`, `version ${v.version}`]);
  return [...free, ...named, ...numbers];
}

/** The signature to begin with: the one with a field per column, where the model says its columns. */
function preferred(version) {
  const columns = Object.entries(version?.description.inputs ?? {}).map(([name, column]) => column.input ?? name);
  const raw = Object.entries(version?.signatures ?? {}).find(
    ([, s]) => columns.length && columns.length === Object.keys(s.inputs).length && columns.every((name) => name in s.inputs));
  return raw ? raw[0] : "serving_default";
}

function typeText(asked) {
  const dtype = asked.dtype.replace("DT_", "").toLowerCase();
  return dtype === "string" && asked.type === "text" ? "text" : `${asked.type}, ${dtype}`;
}

function noteOf(version, asked) {
  if (!version) return "No version can answer.";
  if (!asked.inputs.length) return "This signature takes nothing.";
  const form = asked.examples ? "They are sent as one serialized tf.Example. " : "";
  return form + (asked.inputs.some((one) => one.missing) ? "Left empty, a column is missing, which the model takes." : "");
}

/** What the server said, its classes first where the model has some. */
function answerNodes(model, response, text, millis) {
  const told = [`${response.status} ${response.statusText}`.trim(), `${millis.toFixed(1)} ms there and back`];
  for (const [header, name] of [["x-model-version", "version"], ["x-model-arm", "arm"]]) {
    if (response.headers.has(header)) told.push(`${name} ${response.headers.get(header)}`);
  }
  const line = make("p", { class: `told ${response.ok ? "is-PASSED" : "is-FAILED"}` }, make("span", { class: "badge" }, told[0]), ` · ${told.slice(1).join(" · ")}`);
  const parsed = parsedOr(text, null);
  if (!response.ok) return [line, make("pre", { class: "error", tabindex: "0" }, parsed?.error ?? text)];
  const version = model.versions.find((v) => v.version === response.headers.get("x-model-version"));
  const scores = classScores(parsed, version?.description ?? {});
  return [line, ...(scores ? [scores] : []), make("pre", { tabindex: "0", "aria-label": "Answer as JSON" }, text)];
}

function parsedOr(text, otherwise) {
  try {
    return JSON.parse(text);
  } catch {
    return otherwise;
  }
}

/** A bar per class for the first row, or null where these are no scores of classes. */
function classScores(answer, description) {
  const first = answer?.predictions?.[0];
  const row = Array.isArray(first) ? first : first?.scores;
  const classes = description.classes ?? [];
  if (!Array.isArray(row) || !classes.length || row.length !== classes.length || !row.every((v) => typeof v === "number")) return null;
  const list = make("dl", { class: "scores" }, ...classes.flatMap((name, i) => {
    const bar = make("span", { class: "meter", "aria-hidden": "true" }, make("span"));
    bar.firstChild.style.width = `${100 * Math.min(1, Math.max(0, row[i]))}%`;
    return [make("dt", {}, String(name)), make("dd", {}, make("span", { class: "n" }, row[i].toFixed(4)), bar)];
  }));
  if (description.threshold == null || classes.length !== 2) return list;
  const positive = row[1] >= description.threshold;
  const verdict = `${description.label ?? "label"}: ${classes[positive ? 1 : 0]}, as ${row[1].toFixed(4)} is ${positive ? "not below" : "below"} the threshold ${description.threshold.toFixed(4)}.`;
  return make("div", {}, list, make("p", {}, verdict));
}
