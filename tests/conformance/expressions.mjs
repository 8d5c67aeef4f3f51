// Evaluates rendered Python expressions: each must yield without `secrets` what it yields with them before.
//
// The lines are those of the example `expressions` of `redeem-core`. YAML is read here, by a parser that Redeem
// does not use, and Python 3.12 is CPython itself, as Pyodide has it.
//
//     expressions.mjs LINES.ndjson

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

// The packages are installed in a build folder, which the working directory names.
const require = createRequire(join(process.cwd(), "package.json"));
const { parse } = require("yaml");
const { loadPyodide } = require("pyodide");

// With fewer random expressions evaluated, something keeps them from being judged.
const LEAST_EVALUATED = 4000;
const VERDICTS = ["equal", "raised alike", "untouched", "refused", "skipped", "failed"];

function expression(text) {
  const { e } = parse(text);
  if (typeof e !== "string") throw new Error(`e is no string in ${text}`);
  return e;
}

/** Reads the YAML of a line, so that all lines look alike. */
function read(line) {
  if (line.source === undefined) return line;
  const before = expression(line.source);
  if (line.before !== null && line.before !== before) {
    throw new Error(`${JSON.stringify(line.source)} does not read as ${JSON.stringify(line.before)}`);
  }
  let after;
  try {
    after = line.rendered === undefined ? undefined : expression(line.rendered);
  } catch (error) {
    after = String(error);
  }
  return { ...line, before, after };
}

// Not by `readline`, which takes U+2028 for the end of a line.
const lines = readFileSync(process.argv[2], "utf8").split("\n").filter(Boolean).map((text) => read(JSON.parse(text)));
const python = await loadPyodide();
python.runPython(readFileSync(new URL("expressions/judge.py", import.meta.url), "utf8"));
const { counts, failures } = JSON.parse(python.globals.get("judge")(JSON.stringify(lines)));

for (const { problem, ...line } of failures) console.log(`${problem}\n    ${JSON.stringify(line).slice(0, 2000)}`);
const row = (words) => console.log(words.map((word) => String(word).padEnd(13)).join("").trimEnd());
row(["", ...VERDICTS]);
for (const [part, found] of Object.entries(counts)) row([part, ...VERDICTS.map((verdict) => found[verdict] ?? 0)]);

const sum = (parts, ...verdicts) =>
  parts.flatMap((found) => verdicts.map((verdict) => found?.[verdict] ?? 0)).reduce((all, one) => all + one, 0);
const all = Object.values(counts);
const evaluated = sum([counts.random], "equal", "raised alike");
const failed = sum(all, "failed");
const isEnough = evaluated >= LEAST_EVALUATED;
if (!isEnough) console.log(`only ${evaluated} random expressions could be judged, ${LEAST_EVALUATED} are expected`);
console.log(`${sum(all, "equal", "raised alike", "untouched", "refused")} passed, ${failed} failed`);
process.exitCode = failed === 0 && isEnough ? 0 : 1;
