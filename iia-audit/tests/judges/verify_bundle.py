"""A second reading of a bundle, written from the format in iia-audit's README and sharing no code with iia-verify.

    python verify_bundle.py LOGKEY WITNESSKEY FILE...    one line each:
        "witnessed N SIZE", "proven N SIZE" (N records shown of SIZE) or "failed WHY"
"""
import pathlib
import struct
import sys

import hashlib

from blake3 import blake3
from verify_log import Key, cbor, derived, note, policy, unbase64

FOLDERS = ("captures/", "config/", "lake/", "quarantine/")


def header(name, size):
    """The one block that an entry of this name and size has."""
    block = bytearray(512)

    def put(at, text):
        block[at:at + len(text)] = text

    put(0, name.encode("ascii"))
    for at in (100, 108, 116):
        put(at, b"0000644\0" if at == 100 else b"0000000\0")
    put(124, b"%011o\0" % size)
    put(136, b"00000000000\0")
    put(148, b" " * 8)
    put(156, b"0")
    put(257, b"ustar\x0000")
    put(329, b"0000000\0")
    put(337, b"0000000\0")
    put(148, b"%06o\0 " % sum(block))
    return bytes(block)


def is_name(name):
    printable = all(33 <= ord(c) <= 126 and c != "\\" for c in name)
    return 0 < len(name) <= 100 and printable and all(part not in ("", ".", "..") for part in name.split("/"))


def entries(data):
    """Names and contents of the archive, in order."""
    found, at = [], 0
    while data[at:at + 512] != bytes(512):
        block = data[at:at + 512]
        name = block[:100].rstrip(b"\0").decode("ascii")
        size = int(block[124:135], 8)
        if block != header(name, size) or not is_name(name) or len(found) == 4096:
            raise ValueError(f"container at {at}")
        content, padded = data[at + 512:at + 512 + size], (size + 511) // 512 * 512
        if len(content) != size or any(data[at + 512 + size:at + 512 + padded]):
            raise ValueError(f"container at {at}")
        found.append((name, content))
        at += 512 + padded
    if data[at:] != bytes(1024):
        raise ValueError("end of the container")
    return found


class Bundle:
    """One bundle under verification, against the keys given."""

    def __init__(self, data, log, witness):
        self.log, self.witness = log, witness
        self.shown, self.named = {}, {}
        self.rest = entries(data)

    def take(self, name):
        if not self.rest or self.rest[0][0] != name:
            raise ValueError(f"no {name}")
        return self.rest.pop(0)[1]

    def verify(self):
        if self.take("bundle") != b"iia-bundle 1\n":
            raise ValueError("bundle")
        genesis, text = self.take("genesis"), self.take("policy")
        self.beginning(genesis, text)
        tree = self.take("tree")
        self.records(self.take("records"))
        heads = self.heads()
        self.proof(tree, heads)
        self.files()
        cosigned = [size for size, _, good in heads if good]
        top = max(self.shown)
        size = heads[-1][0]
        word = "witnessed" if cosigned and top < max(cosigned) else "proven"
        return f"{word} {len(self.shown)} {size}"

    def beginning(self, genesis, text):
        log, self.witnesses, self.quorum, _ = policy(text)
        said, lines = note(genesis)
        first, origin, key, stated, created = said[:-1].split("\n")
        keyed = text.decode().split("\n")[1] == "log " + key
        digest = f"policy b3:{derived('file', text).hex()}"
        sound = first == "iia-log 1" and origin == log.name and stated == digest and created.startswith("created ")
        if not (sound and keyed and len(lines) == 1 and log.signed(said, lines)):
            raise ValueError("genesis")
        if key != self.log:
            raise ValueError("another log's key")
        self.key, self.log_id = log, derived("file", said.encode())

    def records(self, data):
        key, end, form = derived("audit chain", self.log_id), None, None
        while data:
            kind, first, count, before = struct.unpack("<8sQQ32s", data[:56])
            data = data[56:]
            if kind not in (b"IABWHOLE", b"IABBARE\n") or count < 1 or (first == 0 and any(before)):
                raise ValueError("run")
            if end is not None and (first < end[0] or first == end[0] and (before != end[1] or kind == form)):
                raise ValueError("run")
            for seq in range(first, first + count):
                length = self.envelope(data, seq, before, key, kind == b"IABWHOLE")
                before, data = data[96:128], data[length:]
            end, form = (first + count, before), kind
        if not self.shown:
            raise ValueError("no record")

    def envelope(self, data, seq, before, key, whole):
        envelope, stored = data[:96], data[96:128]
        magic, length, number, _, _, _, _, kind, schema, size = struct.unpack("<4sIQqQIIHHI", envelope[:48])
        if magic != b"IAR1" or number != seq or schema != 1 or length != (144 + size + 63) // 64 * 64 or size > 262144:
            raise ValueError(f"record {seq}: envelope")
        if stored != blake3(before + envelope, key=key).digest():
            raise ValueError(f"record {seq}: link")
        if seq in self.shown:
            raise ValueError(f"record {seq}: twice")
        self.shown[seq] = stored
        if not whole:
            return 128
        tail = data[128:length]
        if len(tail) != length - 128 or envelope[64:] != derived("audit body", tail):
            raise ValueError(f"record {seq}: body")
        (source, (stated, _, _, fields)), end = cbor(tail, 16)
        identity = derived("service id", source.encode())[:16]
        if end != 16 + size or any(tail[end:]) or stated != kind or identity != envelope[48:64]:
            raise ValueError(f"record {seq}: envelope and body disagree")
        values = {}
        for name, value in fields:
            values.setdefault(name, value)
        self.named[seq] = values
        return length

    def heads(self):
        found = []
        while self.rest and self.rest[0][0].startswith("heads/"):
            name, data = self.rest.pop(0)
            text, lines = note(data)
            origin, size, top = text[:-1].split("\n")
            good = [key for key in self.witnesses if key.signed(text, lines)]
            sound = origin == self.key.name and str(int(size)) == size and name == f"heads/{int(size):016x}"
            if not (sound and self.key.signed(text, lines) and len(lines) == 1 + len(good) and int(size) > 0):
                raise ValueError(name)
            if found and found[-1][0] >= int(size):
                raise ValueError("order of heads")
            pinned = any(Key(self.witness).name == key.name and key.signed(text, lines) for key in good)
            found.append((int(size), unbase64(top), len(good) >= self.quorum and pinned))
        if not 1 <= len(found) <= 64:
            raise ValueError("heads")
        return found

    def proof(self, tree, heads):
        ends, parts = [size for size, _, _ in heads], {size: [] for size, _, _ in heads}
        nodes = [tree[at:at + 32] for at in range(0, len(tree), 32)]
        if tree and len(nodes[-1]) != 32 or max(self.shown) >= ends[-1]:
            raise ValueError("tree")

        def walk(first, last):
            inside = [seq for seq in self.shown if first <= seq < last]
            if last - first == 1 and inside:
                return hashlib.sha256(b"\0" + self.shown[first]).digest()
            if not inside and not any(first < end < last for end in ends):
                if not nodes:
                    raise ValueError("tree is short")
                return nodes.pop(0)
            middle = first + (1 << ((last - first - 1).bit_length() - 1))
            left = walk(first, middle)
            for end in ends[:-1]:
                if first < end < last and middle <= end:
                    parts[end].append(left)
            return hashlib.sha256(b"\1" + left + walk(middle, last)).digest()

        top = walk(0, ends[-1])
        if nodes or top != heads[-1][1]:
            raise ValueError("tree")
        for size, root, _ in heads[:-1]:
            joined = parts[size].pop()
            while parts[size]:
                joined = hashlib.sha256(b"\1" + parts[size].pop() + joined).digest()
            if joined != root:
                raise ValueError(f"head of {size}")

    def files(self):
        names = [name for name, _ in self.rest]
        if names != sorted(set(names)):
            raise ValueError("order of files")
        for name, data in self.rest:
            if not name.startswith(FOLDERS):
                raise ValueError(name)
            purpose = {"captures": "capture", "lake": "lake segment"}.get(name.split("/")[0], "file")
            digest = f"b3:{derived(purpose, data).hex()}"
            free = name.startswith("captures/")
            if not any((free or said.get("path") == name) and said.get("digest") == digest for said in self.named.values()):
                raise ValueError(name)


if __name__ == "__main__":
    log_key, witness_key = sys.argv[1:3]
    for path in sys.argv[3:]:
        try:
            print(Bundle(pathlib.Path(path).read_bytes(), log_key, witness_key).verify())
        except (ValueError, IndexError, KeyError, TypeError, struct.error) as error:
            print(f"failed {error}")
