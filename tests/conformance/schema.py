"""Has a complete JSON Schema validator look at docs/redeem.schema.json and at every redeem.toml of the repository.

    schema.py ROOT

Prints what does not hold, and ends with 1 if there is anything.
"""

import json
import pathlib
import re
import sys
import tomllib

from jsonschema import Draft202012Validator

root = pathlib.Path(sys.argv[1])
schema = json.loads((root / "docs/redeem.schema.json").read_text())
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)

configurations = [(path, path.read_text()) for path in (root / "fixtures").rglob("redeem.toml")]
for page in (root / "docs").glob("*.md"):
    blocks = re.findall(r"^```toml \S*redeem\.toml\n(.*?)^```$", page.read_text(), re.M | re.S)
    configurations += [(page, block) for block in blocks]

problems = [
    f"{path}: {error.json_path}: {error.message}"
    for path, text in configurations
    for error in validator.iter_errors(tomllib.loads(text))
]
wrong = ["[rendr]", "[[backend]]\nname = 'a'\ntype = 'evn'", "[[backend]]\nname = 'a'\ntype = 'env'\npath = 'x'"]
problems += [f"accepted: {text}" for text in wrong if validator.is_valid(tomllib.loads(text))]
print("\n".join(problems) or f"schema: {len(configurations)} configurations hold to it")
sys.exit(1 if problems else 0)
