"""A second reading of a table, written from the format in iia-audit's README, with another implementation of Parquet.

    python verify_table.py LOGKEY FILE...    one line each:
        "witnessed N", "proven N" (N records) or "failed SEQ WHY"; SEQ is - where it is about no record

The one form that iia-verify wants of the file is not judged here: rows and words are.
"""
import hashlib
import json
import re
import struct
import sys
import pathlib

import pyarrow as pa
import pyarrow.parquet as pq
from blake3 import blake3

from verify_log import cbor, derived, note, policy, root, unbase64

TIME = pa.timestamp("ns", tz="UTC")
SCHEMA = [
    ("seq", pa.uint64(), False), ("written", TIME, False), ("error_us", pa.uint32(), False),
    ("boottime_ns", pa.uint64(), False), ("boot", pa.uint32(), False), ("kind", pa.string(), False),
    ("source", pa.string(), True), ("stated", TIME, True), ("source_seq", pa.uint64(), True),
    ("fields", pa.string(), True), ("rec_hash", pa.binary(32), False), ("envelope", pa.binary(96), False),
    ("salt", pa.binary(16), True), ("body", pa.binary(), True),
]
PAGE = pathlib.Path(__file__).resolve().parents[2] / "README.md"


def kinds():
    """The names of kinds, from the page."""
    line = re.search(r"^Kinds: (.*?)\.$", PAGE.read_text(), re.M | re.S).group(1).replace("\n", " ")
    return {int(number): name for number, name in (pair.split(" ") for pair in line.split(", "))}


class Failed(Exception):
    """What is wrong, and with which record."""


def words(table):
    pairs = list(table.schema.metadata.items())
    names = [name.decode() for name, _ in pairs]
    values = [value for _, value in pairs]
    if names[:3] != ["iia.format", "iia.genesis", "iia.policy"] or values[0] != b"iia-audit-table 1":
        raise Failed("- words")
    return values[1], values[2], list(zip(names[3:], values[3:]))


def beginning(genesis, text, given):
    log, witnesses, quorum, _ = policy(text)
    said, lines = note(genesis)
    first, origin, key, stated, created = said[:-1].split("\n")
    digest = f"policy b3:{derived('file', text).hex()}"
    keyed = text.decode().split("\n")[1] == "log " + key
    sound = first == "iia-log 1" and origin == log.name and stated == digest and created.startswith("created ")
    if not (sound and keyed and len(lines) == 1 and log.signed(said, lines)) or key != given:
        raise Failed("- genesis")
    return log, witnesses, quorum, derived("file", said.encode())


def heads(named, log, witnesses, quorum):
    found = {}
    for name, data in named:
        text, lines = note(data)
        origin, size, top = text[:-1].split("\n")
        good = [key for key in witnesses if key.signed(text, lines)]
        sound = origin == log.name and str(int(size)) == size and name == f"iia.head.{int(size):016x}"
        rises = int(size) > max(found, default=0)
        if not (sound and rises and log.signed(text, lines) and len(lines) == 1 + len(good)):
            raise Failed(f"- {name}")
        found[int(size)] = (unbase64(top), len(good) >= quorum)
    return found


def record(row, seq, before, key, names):
    """Verifies one row; gives its chain hash."""
    envelope, stored = row["envelope"], row["rec_hash"]
    magic, length, number, utc, boottime, boot, error, kind, schema, size = struct.unpack("<4sIQqQIIHHI", envelope[:48])
    padded = (144 + size + 63) // 64 * 64
    if magic != b"IAR1" or number != seq or schema != 1 or length != padded or size > 262144:
        raise Failed(f"{seq} envelope")
    if stored != blake3(before + envelope, key=key).digest():
        raise Failed(f"{seq} link")
    said = {"seq": number, "written": utc, "error_us": error, "boottime_ns": boottime, "boot": boot}
    said["kind"] = names.get(kind, str(kind))
    body, salt = row["body"], row["salt"]
    if body is None and salt is None:
        said |= dict.fromkeys(("source", "stated", "source_seq", "fields"))
    else:
        if len(body) != size:
            raise Failed(f"{seq} length of the body")
        if envelope[64:] != derived("audit body", salt + body + bytes(padded - 144 - size)):
            raise Failed(f"{seq} body")
        (source, (told, stated, source_seq, fields)), end = cbor(body)
        if end != size or told != kind or derived("service id", source.encode())[:16] != envelope[48:64]:
            raise Failed(f"{seq} envelope and body disagree")
        said |= {"source": source, "stated": stated, "source_seq": source_seq}
        said["fields"] = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    if any(row[name] != value for name, value in said.items()):
        raise Failed(f"{seq} a cell says otherwise than the record")
    return stored


def verify(path, given):
    table = pq.read_table(path)
    if [(field.name, field.type, field.nullable) for field in table.schema] != SCHEMA:
        raise Failed("- schema")
    genesis, text, named = words(table)
    log, witnesses, quorum, log_id = beginning(genesis, text, given)
    claims = heads(named, log, witnesses, quorum)
    if max(claims, default=0) != table.num_rows:
        raise Failed("- rows and heads")
    # Times as whole nanoseconds: other libraries' times are coarser.
    for name in ("written", "stated"):
        at = table.schema.get_field_index(name)
        table = table.set_column(at, name, table[name].cast(pa.int64()))
    columns = {name: table[name].to_pylist() for name, _, _ in SCHEMA}
    key, before, peaks, names = derived("audit chain", log_id), bytes(32), [], kinds()
    for seq in range(table.num_rows):
        before = record({name: cells[seq] for name, cells in columns.items()}, seq, before, key, names)
        peaks.append((1, hashlib.sha256(b"\0" + before).digest()))
        while len(peaks) > 1 and peaks[-2][0] == peaks[-1][0]:
            (size, left), (_, right) = peaks[-2:]
            peaks[-2:] = [(2 * size, hashlib.sha256(b"\1" + left + right).digest())]
        if seq + 1 in claims and claims[seq + 1][0] != root(peaks):
            raise Failed(f"{seq} root")
    word = "witnessed" if claims[table.num_rows][1] else "proven"
    return f"{word} {table.num_rows}"


if __name__ == "__main__":
    for path in sys.argv[2:]:
        try:
            print(verify(path, sys.argv[1]))
        except Failed as failed:
            print(f"failed {failed}")
        except (ValueError, IndexError, KeyError, TypeError, OSError, struct.error, pa.ArrowException) as error:
            print("failed -", str(error).replace("\n", " ")[:100])
