// Reads rendered cases with Node's parsers: each value must come out as it went in.
//
// A judge reads the text before with its own parser, puts the values in the places of the references, and
// compares that with what it reads in the text after. What it cannot read before, it skips.
//
//     judge.mjs RESULTS CASES.ndjson…

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

// The packages are installed in a build folder, which the working directory names.
const require = createRequire(join(process.cwd(), "package.json"));
const { parseAllDocuments } = require("yaml");
const dotenv = require("dotenv");
const dotenv16 = require("dotenv16");
const { parse: parseToml } = require("smol-toml");

const rows = new Map();

function row(format, judge) {
  const key = `${format} ${judge}`;
  if (!rows.has(key)) rows.set(key, { format, judge, cases: 0, skipped: 0, refused: 0, wrong: 0 });
  return rows.get(key);
}

function yaml(version) {
  return (text) =>
    parseAllDocuments(text, { version, logLevel: "silent" }).map((document) => {
      if (document.errors.length > 0) throw document.errors[0];
      return document.toJS({ mapAsMap: true, maxAliasCount: -1 });
    });
}

const JUDGES = {
  yaml: { "yaml 1.2": yaml("1.2"), "yaml 1.1": yaml("1.1") },
  toml: { "smol-toml": parseToml },
  json: { "JSON.parse": JSON.parse },
  dotenv: { dotenv: dotenv.parse, "dotenv 16": dotenv16.parse },
};

function substitute(node, pattern, values, typed) {
  const walk = (node) => {
    if (typed.has(node)) return JSON.parse(values.get(node));
    if (typeof node === "string") return node.replace(pattern, (found) => values.get(found));
    if (Array.isArray(node)) return node.map(walk);
    if (node instanceof Map) return new Map([...node].map(([key, value]) => [walk(key), walk(value)]));
    if (isPlain(node)) return new Map(Object.entries(node).map(([key, value]) => [walk(key), walk(value)]));
    return node;
  };
  return walk(node);
}

function isPlain(node) {
  return node !== null && typeof node === "object" && [Object.prototype, null].includes(Object.getPrototypeOf(node));
}

// A form in which equal means equal in type too. Objects lose the order of keys that look like numbers,
// so pairs are sorted; the judges in Python compare their order.
function plain(node) {
  if (typeof node === "string") return node;
  if (Array.isArray(node)) return [node.map(plain)];
  if (node instanceof Map || isPlain(node)) {
    const pairs = node instanceof Map ? [...node] : Object.entries(node);
    return { map: pairs.map((pair) => JSON.stringify(pair.map(plain))).sort() };
  }
  if (node instanceof Date) return { date: node.getTime() };
  return { other: `${typeof node} ${Object.is(node, -0) ? "-0" : String(node)}` };
}

function judge(line, name, read) {
  const counts = row(line.format, name);
  counts.cases += 1;
  if (line.refused) {
    counts.refused += 1;
    return;
  }
  let before;
  try {
    before = read(line.read_before);
  } catch {
    counts.skipped += 1;
    return;
  }
  const values = new Map(line.references.map(({ text, value }) => [text, value]));
  const typed = new Set(line.references.filter((reference) => reference.typed).map(({ text }) => text));
  const texts = [...values.keys()].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(texts.map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|"), "g");
  const expected = JSON.stringify(plain(substitute(before, pattern, values, typed)));
  let found;
  try {
    found = JSON.stringify(plain(read(line.read_after ?? line.after)));
  } catch (error) {
    found = String(error);
  }
  if (expected === found) return;
  counts.wrong += 1;
  if (counts.wrong <= 5) {
    const { seed, styles, before, after } = line;
    const told = { judge: name, expected: expected.slice(0, 600), found: found.slice(0, 600), seed, styles, before, after };
    console.error(JSON.stringify(told).slice(0, 4000));
  }
}

const [results, ...files] = process.argv.slice(2);
for (const file of files) {
  // Not by `readline`, which takes U+2028 for the end of a line.
  for (const text of readFileSync(file, "utf8").split("\n").filter(Boolean)) {
    const line = JSON.parse(text);
    // What is written for another program, none of these has to read.
    if (line.reader !== null && line.reader !== "node") continue;
    for (const [name, read] of Object.entries(JUDGES[line.format])) judge(line, name, read);
  }
}
writeFileSync(results, [...rows.values()].map((row) => JSON.stringify(row) + "\n").join(""));
