"""Reads Parquet files with DuckDB's own reader and compares every value with what was written; then asks for rows by number and
by time, where the reader leaves out what the file's own statistics say cannot be meant.

    python ask_rows.py CASES.json

CASES is a list of {"file", "rows"}: a Parquet file, and the rows as JSON.
Prints "ok FILE ROWS" for each; ends with status 1 at the first difference.
"""
import json
import sys

import duckdb

NS = "epoch_us(ts) * 1000 + ts_ns"


def difference(case):
    file, want = case["file"], case["rows"]
    found = duckdb.sql(f"select * replace ({NS} as ts) from read_parquet($file) order by seq", params={"file": file})
    rows = [dict(zip(found.columns, row)) for row in found.fetchall()]
    for row in rows:
        row.pop("ts_ns")
    if rows != want:
        return next((f"{row}\n{other}" for row, other in zip(rows, want) if row != other), f"{len(rows)} rows of {len(want)}")
    for middle in (want[len(want) // 2]["ts"], want[0]["ts"]):
        asked = "select seq from read_parquet($file) where ts >= make_timestamptz($us) and seq > $seq order by seq"
        us, seq = middle // 1000, want[0]["seq"]
        asked = duckdb.sql(asked, params={"file": file, "us": us, "seq": seq})
        numbers = [number for number, in asked.fetchall()]
        meant = [row["seq"] for row in want if row["ts"] // 1000 >= us and row["seq"] > seq]
        if numbers != meant:
            return f"from {us} and {seq}: {numbers}, meant {meant}"
    return None


with open(sys.argv[1], encoding="utf-8") as file:
    for case in json.load(file):
        if problem := difference(case):
            sys.exit(f"{case['file']}: {problem}")
        print("ok", case["file"], len(case["rows"]))
