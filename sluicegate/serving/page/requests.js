// From a signature and a form's texts to the body of a predict request. Knows nothing of the page.

const WHOLE = /^DT_U?INT(8|16|32|64)$/;
const BROKEN = /^DT_(FLOAT|DOUBLE|HALF|BFLOAT16)$/;
/** Numbers as JSON writes them, and what the server takes beyond that. */
const NUMBER = /^(-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?|NaN|-?Infinity)$/;

/**
 * What a form must ask for: {examples, inputs}, one input per field: {name, type, dtype, shape, values, missing}.
 * type : "text", "number", "yes or no" or "JSON".  values : known ones.  missing : whether it may be left empty.
 * examples : whether the fields become one tf.Example, whose columns the model's description names.
 */
function questions(signature, description) {
  const columns = Object.entries(description.inputs ?? {});
  const inputs = Object.entries(signature.inputs);
  if (inputs.length === 1 && inputs[0][0] === "examples" && inputs[0][1].dtype === "DT_STRING" && columns.length) {
    return { examples: true, inputs: columns.map(([name, column]) => exampleQuestion(name, column)) };
  }
  const byInput = new Map(columns.map(([name, column]) => [column.input ?? name, column]));
  return { examples: false, inputs: inputs.map(([name, spec]) => question(name, spec, byInput.get(name))) };
}

function exampleQuestion(name, column) {
  const dtype = column.example_dtype ?? column.dtype;
  return { name, type: dtype === "string" ? "text" : "number", dtype, shape: [], values: column.examples ?? [], missing: true };
}

function question(name, spec, column) {
  const plain = { DT_STRING: "text", DT_BOOL: "yes or no" }[spec.dtype] ?? (WHOLE.test(spec.dtype) || BROKEN.test(spec.dtype) ? "number" : "JSON");
  const missing = Boolean(column) && (spec.dtype === "DT_STRING" || BROKEN.test(spec.dtype));
  return { name, type: isScalar(spec.shape) ? plain : "JSON", dtype: spec.dtype, shape: spec.shape, values: column?.examples ?? [], missing };
}

/** Whether one row has one value, maybe within brackets. */
function isScalar(shape) {
  return shape !== null && shape.slice(1).every((size) => size === 1);
}

/** A value to begin with: one that the model's description gives, or one made up from the name. */
function exampleOf(asked) {
  if (asked.values.length) return String(asked.values[0]);
  if (asked.type === "text") return asked.missing ? "" : "text";
  if (asked.type === "yes or no") return "true";
  if (asked.type === "number") return madeUp(asked.name);
  const leaf = asked.dtype === "DT_STRING" ? '"text"' : asked.dtype === "DT_BOOL" ? "false" : "0";
  return (asked.shape ?? []).slice(1).reduceRight((inner, size) => `[${Array(Math.max(size, 1)).fill(inner).join(", ")}]`, leaf);
}

function madeUp(name) {
  const rules = [[/timestamp/, Math.floor(Date.now() / 1000)], [/hour/, 12], [/year/, new Date().getFullYear()], [/age$/, 40]];
  return String(rules.find(([pattern]) => pattern.test(name.toLowerCase()))?.[1] ?? 1);
}

/** The JSON of one value. What is no number goes as text, for the server to say what is wrong with it. */
function literal(asked, text) {
  const trimmed = text.trim();
  if (asked.type === "JSON") return trimmed || "null";
  let value = JSON.stringify(text);
  if (asked.type === "yes or no") value = trimmed === "true" || trimmed === "false" ? trimmed : value;
  if (asked.type === "number") value = trimmed === "" && asked.missing ? "NaN" : NUMBER.test(trimmed) ? trimmed : value;
  const brackets = Math.max((asked.shape ?? []).length - 1, 0);
  return "[".repeat(brackets) + value + "]".repeat(brackets);
}

/** The body for these texts, by name. Raises where a tf.Example cannot hold one. */
function bodyOf(name, { examples, inputs }, texts) {
  const head = `{\n "signature_name": ${JSON.stringify(name)},\n`;
  if (examples) return `${head} "instances": [{"b64": ${JSON.stringify(base64(tfExample(inputs, texts)))}}]\n}`;
  const byColumn = inputs.some((asked) => asked.shape !== null && asked.shape.length === 0);
  const [indent, open, close] = byColumn ? ["  ", ' "inputs": {\n', "\n }\n}"] : ["   ", ' "instances": [\n  {\n', "\n  }\n ]\n}"];
  // Without a dimension for rows an input goes by column, and those beside it that have one get a row there.
  const row = (asked, json) => (byColumn && (asked.shape ?? []).length ? `[${json}]` : json);
  const lines = inputs.map((asked) => `${indent}${JSON.stringify(asked.name)}: ${row(asked, literal(asked, texts.get(asked.name)))}`);
  return head + open + lines.join(",\n") + close;
}

/** The bytes of a tf.Example; a column left empty is not in it. */
function tfExample(inputs, texts) {
  const features = inputs.filter((asked) => texts.get(asked.name).trim() !== "").flatMap((asked) => {
    const entry = [...part(1, utf8(asked.name)), ...part(2, feature(asked, texts.get(asked.name)))];
    return part(1, entry);
  });
  return part(1, features);
}

function feature(asked, text) {
  if (asked.dtype === "string") return part(1, part(1, utf8(text)));
  if (!NUMBER.test(text.trim())) throw new Error(`${asked.name} must be a number to be put into a tf.Example, not ${JSON.stringify(text)}`);
  if (asked.dtype.startsWith("int")) return part(3, part(1, varint(wholeOf(asked.name, text.trim()))));
  return part(2, part(1, [...new Uint8Array(new Float32Array([Number(text)]).buffer)]));
}

function wholeOf(name, text) {
  if (!/^-?\d+$/.test(text)) throw new Error(`${name} must be a whole number to be put into a tf.Example, not ${text}`);
  return BigInt.asUintN(64, BigInt(text));
}

/** A field of a protocol buffer that has a length. */
function part(number, bytes) {
  return [...varint(BigInt(number * 8 + 2)), ...varint(BigInt(bytes.length)), ...bytes];
}

function varint(value) {
  const bytes = [];
  for (; value > 127n; value >>= 7n) bytes.push(Number(value & 127n) | 128);
  return [...bytes, Number(value)];
}

const utf8 = (text) => [...new TextEncoder().encode(text)];
const base64 = (bytes) => btoa(bytes.map((byte) => String.fromCharCode(byte)).join(""));

/** The path of a predict call. target : "" for whichever the server chooses, "v:" and a version, or "l:" and a label. */
function callPath(model, target) {
  const which = target === "" ? "" : `/${target[0] === "v" ? "versions" : "labels"}/${encodeURIComponent(target.slice(2))}`;
  return `v1/models/${encodeURIComponent(model)}${which}:predict`;
}

/** A line for a POSIX shell. */
function curlLine(url, body) {
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  return `curl -d ${quoted(body.replace(/\n\s*/g, " "))} ${quoted(url)}`;
}
