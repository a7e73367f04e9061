"""Reads rows with pyarrow and compares them, value for value and type for type, with what was written.

    python read_rows.py CASES.json

CASES is a list of {"file", "stream", "rows"}: a Parquet file or an Arrow IPC stream, and the rows as JSON.
Prints "ok FILE ROWS" for each; ends with status 1 at the first difference.
"""
import json
import sys

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet

WORDS = pa.dictionary(pa.int32(), pa.string())
HEAD = {"ts": pa.timestamp("us", tz="UTC"), "ts_ns": pa.int16(), "seq": pa.int64(), "service": WORDS}
FLOW = {"orig_h": WORDS, "orig_p": pa.int32(), "resp_h": WORDS, "resp_p": pa.int32(), "vlan": pa.int32(),
        "protocol": WORDS}
VERDICT = {"contract": WORDS, "reason": WORDS}


def span(verb):
    values = pa.list_(pa.field("item", pa.int32(), nullable=False))
    return {f"{verb}_table": WORDS, f"{verb}_addr": pa.int32(), f"{verb}_count": pa.int32(), f"{verb}_values": values}


COLUMNS = {
    "ot.acs.modbus": HEAD | FLOW | {"transaction": pa.int32(), "unit": pa.int16(), "func": pa.int16(),
                                    "outcome": WORDS, "exception": pa.int16(), "latency_ns": pa.int64()}
    | span("read") | span("write") | VERDICT,
    "ot.acs.conn": HEAD | FLOW | dict.fromkeys(["duration_ns", "orig_pkts", "resp_pkts", "orig_bytes", "resp_bytes",
                                               "missed_bytes"], pa.int64()) | VERDICT,
    "ot.contract.violation": HEAD | dict.fromkeys(["conclusion", "severity", "contract", "clause", "source",
                                                   "destination", "operation", "reason", "evidence"], WORDS),
    "ot.security.audit.head": HEAD | {"origin": WORDS, "size": pa.int64(), "root": WORDS, "chain": WORDS, "note": WORDS,
                                      "proof": WORDS, "time_state": WORDS, "time_error_us": pa.int64()},
}


def table(path):
    if path.endswith(".parquet"):
        return pa.parquet.read_table(path)
    with pa.OSFile(path) as file, pa.ipc.open_stream(file) as stream:
        return stream.read_all()


def difference(case):
    found = table(case["file"])
    types = {field.name: field.type for field in found.schema}
    if types != COLUMNS[case["stream"]]:
        return f"types {types}"
    micros = found["ts"].cast(pa.int64()).to_pylist()
    rows = found.drop_columns(["ts"]).to_pylist()
    for row, us in zip(rows, micros):
        row["ts"] = us * 1000 + row.pop("ts_ns")
    if len(rows) != len(case["rows"]):
        return f"{len(rows)} rows, {len(case['rows'])} written"
    for number, (row, want) in enumerate(zip(rows, case["rows"])):
        if row != want:
            return f"row {number}\n{row}\n{want}"
    return None


with open(sys.argv[1], encoding="utf-8") as file:
    for case in json.load(file):
        if problem := difference(case):
            sys.exit(f"{case['file']}: {problem}")
        print("ok", case["file"], len(case["rows"]))
