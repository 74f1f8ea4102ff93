// Making and changing elements. Server's text only ever becomes text.

const $ = (id) => document.getElementById(id);

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null) node.setAttribute(name, value);
  node.append(...children.filter((child) => child !== null));
  return node;
}

function draw(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** Changes only what is different, so that selections and screen readers are left in peace. */
function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function show(node, visible) {
  if (node.hidden === visible) node.hidden = !visible;
}

const _shown = new WeakMap();
/** Builds the children of a node anew where `what` changed since the last time; says whether it did. */
function rebuild(node, what, build) {
  const key = JSON.stringify(what);
  if (_shown.get(node) === key) return false;
  _shown.set(node, key);
  node.replaceChildren(...build());
  return true;
}

async function copyText(text) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  // Without TLS browsers have no clipboard for other hosts than this machine.
  const box = make("textarea", { readonly: "" });
  box.value = text;
  document.body.append(box);
  box.select();
  const done = document.execCommand("copy");
  box.remove();
  if (!done) throw new Error("the browser does not let a page copy here");
}
