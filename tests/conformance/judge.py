"""Reads rendered cases with Python's and the shell's parsers: each value must come out as it went in.

A judge reads the text before with its own parser, puts the values in the places of the references, and
compares that with what it reads in the text after. What it cannot read before, it skips.

    judge.py RESULTS CASES.ndjson…
"""

import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib

import dotenv
import yaml
from ruamel.yaml import YAML

# Who a file that is written for one program is written for; docker reads no other's.
READERS = {"python-dotenv": (None, "python"), "docker": ("docker",)}
# Pure Python parsers take milliseconds for a document: they judge a part of the cases.
SAMPLE = {"PyYAML pure": 10, "ruamel.yaml": 5}
BATCH = 400


class Table:
    """What each judge found, and the first few things that are wrong."""

    def __init__(self):
        self.rows = {}

    def row(self, form, judge):
        return self.rows.setdefault(
            (form, judge), {"cases": 0, "skipped": 0, "refused": 0, "wrong": 0}
        )

    def judge(self, case, judge, before, after):
        """Counts one case; `before` and `after` are calls that read the two texts."""
        row = self.row(case["format"], judge)
        row["cases"] += 1
        if "refused" in case:
            row["refused"] += 1
            return
        try:
            expected = substitute(before(), case["references"])
        except Exception:  # noqa: BLE001 - whatever a parser raises, it has not read the text
            row["skipped"] += 1
            return
        try:
            found = after()
        except Exception as error:  # noqa: BLE001
            found = f"{type(error).__name__}: {error}"
        if plain(expected) != plain(found):
            row["wrong"] += 1
            if row["wrong"] <= 5:
                told = {"judge": judge, "expected": repr(expected)[:600], "found": repr(found)[:600]}
                short = {key: case[key] for key in ("format", "seed", "styles", "before", "after")}
                print(json.dumps(told | short)[:4000], file=sys.stderr)

    def write(self, path):
        with open(path, "w", encoding="utf-8") as out:
            for (form, judge), row in self.rows.items():
                out.write(json.dumps({"format": form, "judge": judge} | row) + "\n")


def substitute(tree, references):
    """The tree with each reference in its strings, keys too, replaced by its value; each once."""
    values = {reference["text"]: reference["value"] for reference in references}
    typed = {reference["text"] for reference in references if reference["typed"]}
    longest_first = sorted(values, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, longest_first)))

    def walk(node):
        if isinstance(node, str) and node in typed:
            return json.loads(values[node])
        if isinstance(node, str):
            return pattern.sub(lambda found: values[found.group()], node)
        if isinstance(node, dict):
            return {walk(key): walk(value) for key, value in node.items()}
        if isinstance(node, (list, tuple)):
            return type(node)(walk(item) for item in node)
        return node

    return walk(tree)


def plain(node):
    """A form in which equal means equal in type and order too."""
    if isinstance(node, dict):
        return ["map"] + [[plain(key), plain(value)] for key, value in node.items()]
    if isinstance(node, (list, tuple)):
        return ["list"] + [plain(item) for item in node]
    return [type(node).__name__, node if isinstance(node, str) else repr(node)]


def any_tag(loader, suffix, node):
    return (suffix, loader.construct_scalar(node))


class Fast(yaml.CSafeLoader):
    pass


class Pure(yaml.SafeLoader):
    pass


for one in (Fast, Pure):
    one.add_multi_constructor("!", any_tag)


def pyyaml(loader):
    return lambda text: list(yaml.load_all(text, Loader=loader))


def ruamel(text):
    reader = YAML(typ="safe", pure=True)
    reader.constructor.add_multi_constructor("!", any_tag)
    return list(reader.load_all(text))


def docker(text):
    # `docker run --env-file`: a line is a name and all that stands behind the `=`.
    lines = [line.removesuffix("\r").lstrip() for line in text.removeprefix("\ufeff").split("\n")]
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    if any(" " in name or "\t" in name for name, _, _ in pairs):
        raise ValueError("a name with a blank")
    return {name: value for name, _, value in pairs}


def dotenv_file(text):
    # As `load_dotenv` opens a file: with universal newlines.
    stream = io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8")
    return dict(dotenv.dotenv_values(stream=stream, interpolate=True))


def toml(text):
    # It takes no byte order mark, which TOML 1.0 files may have.
    return tomllib.loads(text.removeprefix("\ufeff"))


JUDGES = {
    "yaml": {"PyYAML": pyyaml(Fast), "PyYAML pure": pyyaml(Pure), "ruamel.yaml": ruamel},
    "toml": {"tomllib": toml},
    "json": {"json": json.loads},
    "dotenv": {"python-dotenv": dotenv_file, "docker": docker},
}


class Shells:
    """Sources files in batches: one process reads hundreds of them, each in a subshell of its own."""

    def __init__(self, table):
        self.table = table
        self.names = [name for name in ("sh", "bash") if shutil.which(name)]
        self.waiting = []

    def take(self, case):
        self.waiting.append(case)
        if len(self.waiting) >= BATCH:
            self.flush()

    def flush(self):
        cases, self.waiting = self.waiting, []
        for name in self.names if cases else ():
            read = self.read(name, [case for case in cases if "refused" not in case])
            for case in cases:
                judge = f"{name} (sourced)"
                texts = read.get(case["seed"], {})
                self.table.judge(case, judge, lambda: texts["before"], lambda: texts["after"])

    def read(self, shell, cases):
        """What each case's variables are before and after, read from files as people source them."""
        found = {}
        with tempfile.TemporaryDirectory() as folder:
            # A value that is run would tell on itself, or miss its program.
            script = ["id() { printf 'RAN'; }", f"cd '{folder}'"]
            for case in cases:
                keys = re.findall(r"KEY_\d+(?==)", case["before"]) + ["A", "B", "admin"]
                for when, text in (("before", case["read_before"]), ("after", case["after"])):
                    name = f"{case['seed']}.{when}"
                    with open(os.path.join(folder, name), "w", encoding="utf-8", newline="") as out:
                        out.write(text)
                    variables = " ".join(f'"${{{key}-unset}}"' for key in keys)
                    script.append(f"( . ./{name}; printf '%s\\0' \"\x01{name}\" {variables} )")
            done = subprocess.run(
                [shutil.which(shell), self.stored(folder, script)],
                env={"HOME": "/home/judge", "PATH": "/nonexistent", "LC_ALL": "C.UTF-8"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                check=False,
            )
        current = None
        for part in done.stdout.decode("utf-8", "surrogateescape").split("\0")[:-1]:
            if part.startswith("\x01") and re.fullmatch(r"\x01\d+\.(before|after)", part):
                seed, when = part[1:].split(".")
                current = found.setdefault(int(seed), {}).setdefault(when, [])
            else:
                current.append(part)
        return found

    @staticmethod
    def stored(folder, script):
        path = os.path.join(folder, "script")
        with open(path, "w", encoding="utf-8") as out:
            out.write("\n".join(script))
        return path


def check_render(table, case):
    """Only the touched scalars change, and a value is refused only where no spelling can hold it."""
    row = table.row(case["format"], "bytes and refusals")
    row["cases"] += 1
    if "refused" in case:
        row["refused"] += 1
        right = may_refuse(case)
    else:
        before, after = case["before"].encode(), case["after"].encode()
        prefix, suffix = before[: case["prefix_len"]], before[len(before) - case["suffix_len"] :]
        right = after.startswith(prefix) and after.endswith(suffix)
    if not right:
        row["wrong"] += 1
        print(json.dumps(case)[:4000], file=sys.stderr)


def may_refuse(case):
    message = case["refused"]["message"]
    if case["refused"]["code"] != "unencodable-value":
        return False
    if case["format"] == "dotenv":
        words = ("needs other quotes", "runs or expands", "with the backslash before it")
        if any(one in message for one in words):
            return True
        return any(re.search(r"""['"\\$`!\x00-\x1f\x7f-\x9f]""", one["value"]) for one in case["references"])
    if "the file ends inside this block" in message:
        return case["format"] == "yaml" and not case["before"].endswith("\n")
    if "may have that key twice" in message:
        # What an alias that is a key says is not looked up.
        return case["has_touched_key"] and re.search(r"\? *\*\w|\*\w+ *:", case["before"]) is not None
    words = ("twice in one mapping", "longer than 1024", "no spelling of its own")
    return any(one in message for one in words) and case["has_touched_key"]


def main():
    results, *files = sys.argv[1:]
    table = Table()
    for path in files:
        shells = Shells(table)
        with open(path, encoding="utf-8") as lines:
            for position, line in enumerate(lines):
                case = json.loads(line)
                check_render(table, case)
                after = case.get("read_after", case.get("after"))
                for judge, read in JUDGES[case["format"]].items():
                    reads = case["reader"] in READERS.get(judge, (None,))
                    if reads and position % SAMPLE.get(judge, 1) == 0:
                        table.judge(case, judge, lambda: read(case["read_before"]), lambda: read(after))
                if case["format"] == "dotenv" and case["reader"] in (None, "sh"):
                    shells.take(case)
        shells.flush()
    table.write(results)


main()
