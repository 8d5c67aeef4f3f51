"""Prints what the judges found, and fails if anything came out wrong or too little was read.

    table.py RESULTS…
"""

import json
import sys

# A judge that skips more of a format than this judges nothing.
MOST_SKIPPED = 0.15

rows = [json.loads(line) for path in sys.argv[1:] for line in open(path, encoding="utf-8")]
order = ["yaml", "toml", "json", "dotenv"]
rows.sort(key=lambda row: order.index(row["format"]))

print(f"{'format':8} {'judge':22} {'cases':>8} {'skipped':>8} {'refused':>8} {'wrong':>8}")
passed = failed = 0
for row in rows:
    told = row["cases"] - row["refused"]
    lazy = row["skipped"] > MOST_SKIPPED * told
    print(
        f"{row['format']:8} {row['judge']:22} {row['cases']:8} {row['skipped']:8} {row['refused']:8} {row['wrong']:8}"
        + ("  skips too much" if lazy else "")
    )
    failed += row["wrong"] + lazy
    passed += max(told - row["skipped"] - row["wrong"], 0)
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
