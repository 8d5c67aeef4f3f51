"""Evaluates expressions before and after rendering: `judge(lines)` is called by `expressions.mjs` in Pyodide.

Before, with an object for `secrets`; after, with no `secrets` at all. Both have to yield a value of the same
type that looks the same, or raise an exception of the same type.
"""

import ast
import json
import re
import warnings
from collections import Counter

# Some expressions are odd on purpose: `'x' is 'y'`, `"a"("b")`.
warnings.simplefilter("ignore")

TOLD = 10


class Secrets:
    """What Julep hands to an expression: `secrets.a`, `secrets['a']` and `secrets.get('a', 'd')`."""

    def __init__(self, values):
        self._values = values

    def __getattr__(self, name):
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(name) from None

    def __getitem__(self, name):
        return self._values[name]

    def get(self, name, default=None):
        return self._values.get(name, default)


class Other:
    """Some other name in scope, with an attribute of any name."""

    a = "other"

    def __getattr__(self, name):
        return f"attribute {name}"


class Inline(ast.NodeTransformer):
    """Puts values into the string literals where references of other dialects stand."""

    def __init__(self, values):
        self.values = values
        self.pattern = re.compile("|".join(map(re.escape, sorted(values, key=len, reverse=True))))

    def visit_Constant(self, node):
        if isinstance(node.value, str):
            node.value = self.pattern.sub(lambda found: self.values[found.group()], node.value)
        return node


def legacy(text):
    """What Julep makes of a string without `$ ` in front, or of one with it."""
    text = text.strip()
    if text.startswith("$ "):
        return text
    if "{{" in text:
        text = text.replace("{{", "{").replace("}}", "}")
    elif (
        (text.startswith(("[", "_[", "_.")) and text.endswith("]"))
        or "outputs[" in text
        or "inputs[" in text
        or text == "_"
    ):
        return "$ " + text
    return f"$ f'''{text}'''"


def parse(text):
    """The tree of an expression string; `None` if it is none, or not Python."""
    text = text.lstrip()
    if not text.startswith("$ "):
        return None
    try:
        return ast.parse(text[2:].strip(), "expression", "eval")
    except (SyntaxError, ValueError):
        return None


def evaluate(tree, scope):
    """What an expression yields, as text that tells types apart."""
    try:
        code = compile(tree, "expression", "eval")
    except SyntaxError as error:
        return f"no Python: {error}"
    scope = scope | {"_": Other(), "my": Other(), "x": 3.5}
    try:
        value = eval(code, scope)  # noqa: S307 - this is what it is for
        # Where an object lies in memory is no part of what it is.
        return re.sub(r" at 0x[0-9a-f]+>", ">", f"{type(value).__name__} {value!r}")
    except Exception as error:  # noqa: BLE001 - any of them has to be the same one
        return f"raises {type(error).__name__}"


def is_unclear(line, expected):
    """Whether a difference is none of Redeem's: the generator avoids these, but damage may bring them about."""
    if line["refusal"]["when"] != "damaged":
        return False
    # What a field `{…=}` prints: CPython 3.12 takes any `#` in it for the beginning of a comment, decodes the escapes
    # in it, and ends it at a colon behind another `=`.
    is_misprinted = re.search(r"=\s*(#.*\s*)?[}!:]", line["before"])
    # The default of a secret that is there goes with the reference, and so does what it would have raised.
    is_default_gone = ".get" in line["before"] and expected.startswith("raises")
    return is_misprinted or is_default_gone


def judge_one(line):
    """The verdict on one line, and what is wrong."""
    refusal, before = line["refusal"], line["before"]
    if line["part"] == "legacy" and "after" in line:
        before, line["after"] = legacy(before), legacy(line["after"])
    tree = parse(before)
    if "problems" in line:
        codes = [problem["code"] for problem in line["problems"]]
        if refusal["when"] == "never" or not codes or not set(codes) <= set(refusal["codes"]):
            return "failed", "refused"
        if "syntax-error" in codes and tree is not None:
            return "failed", "refused as no Python, which it is"
        return "refused", None
    if refusal["when"] == "must":
        return "failed", "not refused"
    if line["left"]:
        return "failed", "references are left"
    if tree is None:
        # A shell transcript, a text without the dollar: left alone. What is damaged may be read more leniently.
        if refusal["when"] == "damaged":
            return "skipped", None
        return ("untouched", None) if line["after"] == before else ("failed", "no Python, and changed")
    if line["inline"]:
        tree = ast.fix_missing_locations(Inline(dict(line["inline"])).visit(tree))
    expected = evaluate(tree, {"secrets": Secrets(line["secrets"])})
    if expected.startswith("no Python"):
        # A `:=` where a comprehension allows none is in the grammar; only the compiler tells.
        is_known = "assignment expression" in expected or refusal["when"] == "damaged"
        return ("skipped", None) if is_known else ("failed", expected)
    after = parse(line["after"])
    is_folded = line["part"] == "folded" and not line["after"].lstrip().startswith("$ ")
    if is_folded:
        found = f"str {line['after']!r}"
    else:
        found = "no Python" if after is None else evaluate(after, {})
    if expected != found and is_unclear(line, expected):
        return "skipped", None
    if expected != found:
        return "failed", f"{expected[:600]}\n    {found[:600]}"
    return "raised alike" if found.startswith("raises") else "equal", None


def judge(lines):
    """Judges all lines; prints nothing, and returns a count of verdicts for each part, and what failed."""
    counts, failures = {}, []
    for line in json.loads(lines):
        verdict, problem = judge_one(line)
        counts.setdefault(line["part"], Counter())[verdict] += 1
        if problem:
            keys = ("part", "name", "before", "after", "problems", "secrets")
            failures.append({"problem": problem} | {key: line[key] for key in keys if key in line})
    # The shortest tell the most, and one value of an expression is enough.
    failures.sort(key=lambda failure: len(failure["before"]))
    told = {failure["before"]: failure for failure in reversed(failures)}
    return json.dumps({"counts": counts, "failures": list(reversed(told.values()))[:TOLD]})
