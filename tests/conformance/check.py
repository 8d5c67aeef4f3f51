"""Has a complete JSON Schema validator look at what `redeem check` tells machines, for every case of diagnostics.

    check.py ROOT REDEEM SARIF_SCHEMA

JSON is held to docs/check.schema.json, and SARIF to the official schema of 2.1.0. A fix has to come to the same text
by SARIF's lines and columns as by the bytes of the JSON. Prints what does not hold, and ends with 1 if there is
anything; without the schema it fails too.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.parse

from jsonschema import validators

root, redeem = pathlib.Path(sys.argv[1]), sys.argv[2]
schemas = {
    "json": json.loads((root / "docs/check.schema.json").read_text()),
    "sarif": json.loads(pathlib.Path(sys.argv[3]).read_text()),
}
assert "2.1.0" in schemas["sarif"]["title"], "this is not the schema of SARIF 2.1.0"
judges = {}
for name, schema in schemas.items():
    judge = validators.validator_for(schema)
    judge.check_schema(schema)
    judges[name] = judge(schema)

# Texts in which bytes, characters and what UTF-16 counts are not the same, and every kind of line end.
AWKWARD = """# awkward
--- file ä b/😀,:.yaml
# 😀 ü
ü: '😀 {secret: x}' # 日本
l:
- "{secret:bad name}{secret:x | uprlencode}"
- {secret:x}
- e\u0301: "${secrets.x} \u2028 {secret: y}"
--- file ends.conf
\v e\u0301 \r {secret: y} \x85 ${secrets.x} \u2028 {secret: z}
--- file crlf.json
{\r\n\t"ü": "${secrets.x}",\r\n\t"b": "😀 {secret: x}"\r\n}\r
--- file open.toml
a = '{secret:x}
--- run check
"""


def is_plain_check(arguments):
    """Whether a run tells what is wrong, in a format that may be chosen."""
    words = arguments.split()
    return words[:1] == ["check"] and not {"--format", "--fix", "--unsafe-fixes", "--diff", "--staged"} & set(words)


def case(text):
    """The files, the links, the environment and the arguments of a case."""
    files, links, env, arguments = {}, {}, {}, ""
    for section in text.split("\n--- ")[1:] if not text.startswith("--- ") else text[4:].split("\n--- "):
        title, _, body = section.partition("\n")
        kind, _, argument = title.partition(" ")
        if kind == "file":
            files[argument] = body.rstrip("\n") + "\n"
        elif kind == "link":
            links.update([argument.split(" ", 1)])
        elif kind == "env":
            env.update([argument.split("=", 1)])
        elif kind == "run" and not arguments and is_plain_check(argument):
            arguments = argument
    return files, links, env, arguments


def offset(text, line, column):
    """Where a line and a column are, in code points; a run says nothing of line ends, so `\\n` and `\\r\\n` are meant."""
    return sum(len(before) + 1 for before in text.split("\n")[: line - 1]) + column - 1


def mended_by_sarif(fix, folder):
    """The file's new text by the regions of a fix."""
    [change] = fix["artifactChanges"]
    path = folder / urllib.parse.unquote(change["artifactLocation"]["uri"])
    text = path.read_bytes().decode()
    for replacement in change["replacements"]:
        region = replacement["deletedRegion"]
        start = offset(text, region["startLine"], region["startColumn"])
        end = offset(text, region["endLine"], region["endColumn"])
        text = text[:start] + replacement["insertedContent"]["text"] + text[end:]
    return text


def mended_by_json(diagnostic, fix, folder):
    """The file's new text by the bytes of a fix."""
    data = (folder / diagnostic["file"]).read_bytes()
    return (data[: fix["start"]] + fix["replacement"].encode() + data[fix["end"] :]).decode()


problems, results, fixes, cases = [], 0, 0, 0
paths = sorted((root / "fixtures/diagnostics").glob("*/*.case"))
for place, text in [("awkward", AWKWARD)] + [(path.relative_to(root), path.read_text()) for path in paths]:
    files, links, env, arguments = case(text)
    cases += 1
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary) / "project"
        folder.mkdir()
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content.encode())
        for path, target in links.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            os.symlink(target, folder / path)
        words = arguments.split() or ["check"]
        told = {}
        for name, judge in judges.items():
            command = [redeem, *words, "--format", name]
            run = subprocess.run(command, cwd=folder, env={"HOME": temporary, **env}, capture_output=True)
            told[name] = json.loads(run.stdout)
            errors = list(judge.iter_errors(told[name]))
            problems += [f"{place}: {name}: {error.json_path}: {error.message}" for error in errors]
        [log] = told["sarif"]["runs"]
        if len(log["results"]) != len(told["json"]["diagnostics"]):
            problems.append(f"{place}: SARIF and JSON do not tell the same")
        for result, diagnostic in zip(log["results"], told["json"]["diagnostics"]):
            results += 1
            by_sarif = [mended_by_sarif(fix, folder) for fix in result.get("fixes", [])]
            by_json = [mended_by_json(diagnostic, fix, folder) for fix in diagnostic["fixes"]]
            fixes += len(by_json)
            if by_sarif != by_json:
                problems.append(f"{place}: {diagnostic['code']}: a fix has two readings: {by_sarif} {by_json}")

wrong = {"json": {"version": 1}, "sarif": {"version": "2.1.0", "runs": [{"tool": {"driver": {}}}]}}
problems += [f"{name}: accepted: {value}" for name, value in wrong.items() if judges[name].is_valid(value)]
if results < 21 or fixes < 11:
    problems.append(f"only {results} results and {fixes} fixes were looked at")
print("\n".join(problems) or f"check: {results} results and {fixes} fixes of {cases} cases hold to both schemas")
sys.exit(1 if problems else 0)
