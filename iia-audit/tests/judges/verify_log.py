"""A second reading of the audit log, written from its description and sharing no code with iia-verify.

    python verify_log.py [--seal-key FILE] DIR...   one line each:
        "ok RECORDS WITNESSED CHAINHEAD SEALED" or "bad SEQ FILE WHY"; SEALED is - without the key

Needs the packages blake3 and cryptography.
"""
import base64
import hashlib
import pathlib
import re
import struct
import sys

from blake3 import blake3
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

KINDS_WITH_FILES = {11, 15, 16, 17, 23, 33, 41}  # submitted, staged, authorised, applied, sealed, recovered, carried
RETIRED, IO_FAULT = 40, 42
DASH = "\u2014 "


class Bad(Exception):
    """What is wrong first."""


def derived(purpose, data):
    return blake3(data, derive_key_context=f"iia 2026-11 {purpose} v1").digest()


def unbase64(text):
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError("base64 with a second reading")
    return data


class Key:
    """A C2SP verifier key: name+hash+base64(type, key)."""

    def __init__(self, text):
        self.name, stated, blob = text.split("+", 2)
        blob = unbase64(blob)
        self.kind, self.hash = blob[0], hashlib.sha256(self.name.encode() + b"\n" + blob).digest()[:4]
        self.key = Ed25519PublicKey.from_public_bytes(blob[1:])
        if self.hash.hex() != stated:
            raise ValueError("key hash")

    def signed(self, text, lines):
        """Whether a signature line of this key holds; a cosignature names its time."""
        for name, blob in lines:
            if name == self.name and blob[:4] == self.hash:
                message, signature = text, blob[4:]
                if self.kind == 4:
                    time, signature = struct.unpack(">Q", blob[4:12])[0], blob[12:]
                    message = f"cosignature/v1\ntime {time}\n{text}"
                try:
                    self.key.verify(signature, message.encode())
                    return True
                except (InvalidSignature, struct.error):
                    return False
        return False


def note(data):
    """The text of a signed note and its signature lines."""
    content = data.decode("utf-8")
    if any((ord(c) < 32 and c != "\n") or ord(c) == 127 for c in content):
        raise ValueError("control character")
    text, _, lines = content.rpartition("\n\n")
    if not _ or not lines.endswith("\n"):
        raise ValueError("no signatures")
    found = []
    for line in lines[:-1].split("\n"):
        name, blob = line.removeprefix(DASH).split(" ")
        if not line.startswith(DASH):
            raise ValueError("signature line")
        found.append((name, unbase64(blob)))
    return text + "\n", found


def policy(data):
    lines = data.decode().split("\n")
    log = [line[4:] for line in lines if line.startswith("log ")]
    witnesses = [line[8:] for line in lines if line.startswith("witness ")]
    quorum = [int(line[7:]) for line in lines if line.startswith("quorum ")]
    mirrors = [line[7:] for line in lines if line.startswith("mirror ")]
    again = ["iia-policy 1", f"log {log[0]}", *(f"witness {w}" for w in witnesses), f"quorum {quorum[0]}",
             *(f"mirror {m}" for m in mirrors), ""]
    if again != lines or not 1 <= quorum[0] <= len(witnesses):
        raise ValueError("policy")
    return Key(log[0]), [Key(w) for w in witnesses], quorum[0], [Key(m) for m in mirrors]


def cbor(data, at=0):
    """One deterministic CBOR item (RFC 8949 4.2.1) and where it ends: numbers, texts, arrays."""
    major, low = data[at] >> 5, data[at] & 31
    at += 1
    value = low
    if 24 <= low <= 27:
        size = 1 << (low - 24)
        value, at = int.from_bytes(data[at:at + size], "big"), at + size
        if value < (24 if size == 1 else 1 << (4 * size)):
            raise ValueError("a longer form than needed")
    elif low > 27:
        raise ValueError("no definite length")
    if major == 0:
        return value, at
    if major == 1:
        return -1 - value, at
    if major in (2, 3):
        if at + value > len(data):
            raise ValueError("cut short")
        return bytes(data[at:at + value]) if major == 2 else data[at:at + value].decode(), at + value
    if major != 4:
        raise ValueError("an item that no record has")
    items = []
    for _ in range(value):
        item, at = cbor(data, at)
        items.append(item)
    return items, at


def root(peaks):
    """The RFC 6962 root over (size, hash) peaks, left to right."""
    if not peaks:
        return hashlib.sha256().digest()
    top = peaks[-1][1]
    for _, left in reversed(peaks[:-1]):
        top = hashlib.sha256(b"\1" + left + top).digest()
    return top


class Log:
    """One evidence directory under verification."""

    def __init__(self, box, seal_key=None):
        self.box, self.records, self.witnessed, self.head = box, 0, 0, bytes(32)
        self.seal_key, self.sealed, self.lines, self.seal, self.epoch = seal_key, "-", [], None, 0
        self.peaks, self.claims, self.files = [], {}, {}
        # What headers state: numbers of sources, end of the segment before, boots; and of tiles: hashes by level.
        self.marks, self.previous, self.boot = {}, 0, 0
        self.levels, self.expected, self.retired = [[] for _ in range(6)], {}, {}
        self.gone, self.abandoned = None, 0

    def bad(self, file, why):
        return Bad(f"bad {self.records} {file} {why}")

    def verify(self):
        audit = self.box / "audit"
        try:
            self.log, self.witnesses, self.quorum, self.mirrors = policy((audit / "policy").read_bytes())
            text, lines = note((audit / "genesis").read_bytes())
            first, origin, key, stated, created = text[:-1].split("\n")
            digest = derived("file", (audit / "policy").read_bytes()).hex()
            known = first == "iia-log 1" and origin == self.log.name and created.startswith("created ")
            keyed = (audit / "policy").read_text().split("\n")[1] == "log " + key
            if not (known and keyed and stated == f"policy b3:{digest}" and len(lines) == 1):
                raise ValueError("genesis")
            if not self.log.signed(text, lines):
                raise ValueError("unsigned")
        except (ValueError, IndexError) as error:
            raise self.bad("audit/genesis", error) from error
        for path in sorted(audit.iterdir()):
            if path.suffix == ".new":  # a write that a fall cut off
                continue
            if path.name not in {"genesis", "policy", "seg", "heads", "receipts", "lock", "seals", "tile", "reserve", "mirrored"}:
                raise self.bad(f"audit/{path.name}", "unknown")
        if (audit / "lock").exists() and (audit / "lock").stat().st_size:
            raise self.bad("audit/lock", "is not empty")
        self.signed_heads("heads")
        self.signed_heads("receipts")
        if (audit / "mirrored").exists():
            self.signed_heads("mirrored")
        self.meet_claims()
        self.log_id = derived("file", text.encode())
        self.read_seals(audit / "seals")
        self.meet_seals()
        self.tiles()
        segments = sorted(path for path in (audit / "seg").iterdir() if path.suffix != ".new")
        for place, path in enumerate(segments):
            self.segment(path, segments[place + 1] if place + 1 < len(segments) else None)
        if self.gone and self.retired.get(self.gone[0]) != self.gone[1]:
            raise Bad("bad 0 audit/seg no record says that the beginning was retired")
        if self.expected:
            raise self.bad(f"audit/tile/{self.tile_name(self.expected[min(self.expected)][0])}", "more records than there are")
        if self.claims:
            size = min(self.claims)
            raise self.bad(self.claims[size][0][0], f"states {size} records")
        if self.seal:
            raise self.bad("audit/seals", f"states {self.seal[0]} records")
        self.referred()
        return f"ok {self.records} {self.witnessed} {self.head.hex()} {self.sealed}"

    def read_seals(self, path):
        if path.exists():
            self.lines = path.read_bytes().splitlines(keepends=True)
            self.next_seal()
        elif self.seal_key:
            raise self.bad("audit/seals", "missing")

    def next_seal(self):
        """One line: epoch, records, tag; epochs count from 0 without holes, records never go back."""
        self.seal = None
        if not self.lines:
            return
        line = self.lines.pop(0).decode("ascii", "replace")
        try:
            stated, size, tag = line.removesuffix("\n").split(" ")
            digest = bytes.fromhex(tag.removeprefix("b3:"))
            if line != f"{self.epoch} {int(size)} b3:{digest.hex()}\n" or len(digest) != 32 or int(size) < self.records:
                raise ValueError(f"line {stated}")
        except ValueError as error:
            raise self.bad("audit/seals", error) from error
        self.seal = (int(size), digest)

    def meet_seals(self, known=True):
        while self.seal and self.seal[0] == self.records:
            size, tag = self.seal
            if self.seal_key:
                said = self.log_id + struct.pack("<QQ", self.epoch, size) + self.head
                if known and blake3(said, key=self.seal_key).digest() != tag:
                    raise self.bad("audit/seals", "another log")
                self.seal_key, self.sealed = derived("audit ratchet", self.seal_key), size
            self.epoch += 1
            self.next_seal()

    def signed_heads(self, folder):
        for path in sorted((self.box / "audit" / folder).iterdir()):
            if path.suffix == ".new":
                continue
            name = f"audit/{folder}/{path.name}"
            try:
                text, lines = note(path.read_bytes())
                origin, size, top = text[:-1].split("\n")
                known, needed = {"heads": ([], 0), "receipts": (self.witnesses, self.quorum),
                                 "mirrored": (self.mirrors, max(1, len(self.mirrors)))}[folder]
                count = len([key for key in known if key.signed(text, lines)])
                enough = count >= needed
                named = origin == self.log.name and path.name == f"{int(size):016x}" and str(int(size)) == size
                if not (self.log.signed(text, lines) and enough and named and len(lines) == 1 + count):
                    raise ValueError("head")
                claim = (name, unbase64(top))
            except ValueError as error:
                raise self.bad(name, error) from error
            if folder == "receipts":
                self.witnessed = max(self.witnessed, int(size))
            self.claims.setdefault(int(size), []).append(claim)

    def meet_claims(self):
        for name, top in self.claims.pop(self.records, []):
            if top != root(self.peaks):
                raise self.bad(name, "another root")

    def tile_name(self, tile):
        return tile[3].relative_to(self.box / "audit" / "tile").as_posix()

    def tiles(self):
        """Every tile that lies there, by the size of the tree at which it is complete."""
        folder = self.box / "audit" / "tile"
        for path in sorted(folder.rglob("*")) if folder.exists() else []:
            if path.is_dir():
                continue
            name = path.relative_to(folder).as_posix()
            match = re.fullmatch(r"([0-5])/((?:x(?!000)[0-9]{3}/(?:x[0-9]{3}/)*)?[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", name)
            width = int(match[3] or 256) if match else 0
            if not 0 < width <= 256 or match[3] == "256":
                raise self.bad(f"audit/tile/{name}", "no tile")
            level, index = int(match[1]), int(match[2].replace("x", "").replace("/", ""))
            end = (index * 256 + width) << 8 * level
            self.expected.setdefault(end, []).append((level, index, width, path))

    def meet_tiles(self):
        for tile in self.expected.pop(self.records, []):
            level, index, width, path = tile
            if path.read_bytes() != b"".join(self.levels[level][index * 256:index * 256 + width]):
                raise self.bad(f"audit/tile/{self.tile_name(tile)}", "other hashes")

    def leaf(self, hash):
        self.levels[0].append(hash)
        peak, self.records = (1, hash), self.records + 1
        while self.peaks and self.peaks[-1][0] == peak[0]:
            left = self.peaks.pop()
            peak = (2 * peak[0], hashlib.sha256(b"\1" + left[1] + peak[1]).digest())
            if peak[0].bit_length() % 8 == 1:
                self.levels[peak[0].bit_length() // 8].append(peak[1])
        self.peaks.append(peak)
        self.meet_tiles()

    def header(self, data):
        """What a segment states of the log before it, and where its records begin."""
        (size,) = struct.unpack("<I", data[8:12])
        body, end = data[44:44 + size], (44 + size + 4095) // 4096 * 4096
        if data[:end] != (b"IAASEG2\n" + data[8:12] + derived("audit entry", body) + body).ljust(end, b"\0"):
            raise ValueError("header")
        stated, used = cbor(body)
        if used != size:
            raise ValueError("header")
        return stated, end

    def segment(self, path, following):
        file, data = f"audit/seg/{path.name}", path.read_bytes()
        try:
            stated, at = self.header(data)
            if self.records == 0 and stated[0] > 0:
                self.retired_part(file, stated)
            said = [self.records, self.head, self.log_id, [peak for _, peak in self.peaks], self.previous, self.boot,
                    [list(mark) for mark in sorted(self.marks.items(), key=lambda mark: mark[0].encode())]]
            if path.name != f"{self.records:016x}.iia" or stated != said:
                raise ValueError("header")
        except (ValueError, IndexError, struct.error, TypeError) as error:
            raise self.bad(file, error) from error
        abandoned = 0
        if following:
            try:
                abandoned = max(0, len(data) - self.header(following.read_bytes())[0][4])
                data = data[:len(data) - abandoned]
            except (ValueError, IndexError, struct.error, TypeError):
                pass
        self.meet_seals()
        key, first, after_fault = derived("audit chain", self.log_id), self.records, self.abandoned
        self.abandoned = abandoned
        # Room that was written ahead is zero; nothing but zeros follows it.
        while any(data[at:at + 64]) or any(data[at:]):
            try:
                if after_fault and self.records == first and struct.unpack("<H", data[at + 40:at + 42])[0] != IO_FAULT:
                    raise ValueError("bytes before it that nothing accounts for")
                at = self.record(data, at, key)
            except (ValueError, IndexError, struct.error, TypeError) as error:
                raise self.bad(file, f"at {at}: {error}") from error
            self.meet_claims()
            self.meet_seals()
        if following and at < len(data):
            raise self.bad(file, "is not cut at its last record")
        self.previous = at

    def retired_part(self, file, stated):
        """What was retired: its leaves are in tiles, and a later record says so."""
        first, before, _, _, self.previous, self.boot, marks = stated
        self.marks = dict(marks)
        while self.records < first:
            index, left = self.records // 256, first - self.records
            folder, name = self.box / "audit" / "tile" / "0", f"{index % 1000:03}"
            while index >= 1000:
                index //= 1000
                name = f"x{index % 1000:03}/{name}"
            partial = [folder / f"{name}.p" / str(width) for width in range(min(left, 256), 256)]
            found = [path for path in [*partial, folder / name] if path.is_file()]
            if not found:
                raise self.bad(file, "neither records nor their hashes")
            hashes = found[0].read_bytes()
            for at in range(0, min(left, 256) * 32, 32):
                self.leaf(hashes[at:at + 32])
                self.meet_claims()
                if self.records < first:
                    self.meet_seals(known=False)
        self.head, self.gone = before, (first, f"b3:{before.hex()}")

    def record(self, data, at, key):
        envelope, stored = data[at:at + 96], data[at + 96:at + 128]
        magic, length, seq, _, _, boot, _, kind, schema, size = struct.unpack("<4sIQqQIIHHI", envelope[:48])
        if magic != b"IAR1" or seq != self.records or schema != 1 or length != (144 + size + 63) // 64 * 64:
            raise ValueError("envelope")
        if stored != blake3(self.head + envelope, key=key).digest():
            raise ValueError("link")
        tail = data[at + 128:at + length]
        if len(tail) != length - 128 or envelope[64:] != derived("audit body", tail):
            raise ValueError("body")
        (source, event), end = cbor(tail, 16)
        number, _, source_seq, fields = event
        identity = derived("service id", source.encode())[:16]
        if end != 16 + size or any(tail[end:]) or number != kind or identity != envelope[48:64]:
            raise ValueError("envelope and body disagree")
        self.head, self.boot = stored, boot
        self.marks[source] = max(self.marks.get(source, 0), source_seq)
        self.leaf(hashlib.sha256(b"\0" + stored).digest())
        values = {}
        for name, value in fields:
            values.setdefault(name, value)
        if kind == RETIRED and "end" in values and "hash" in values:
            self.retired[int(values["end"])] = values["hash"]
        if kind in KINDS_WITH_FILES and "path" in values and "digest" in values:
            self.files[values["path"]] = (values["digest"], seq)
        return at + length

    def referred(self):
        for name, (digest, seq) in sorted(self.files.items()):
            path, purpose = self.box / name, "lake segment" if name.startswith("lake/") else "file"
            if not path.is_file() or f"b3:{derived(purpose, path.read_bytes()).hex()}" != digest:
                raise Bad(f"bad {seq} {name} digest")
        for path in sorted(self.box.iterdir()):
            if path.name not in {"audit", "config", "lake", "quarantine"}:
                raise self.bad(path.name, "no part of the evidence")
        for folder in ("config", "lake", "quarantine"):
            for path in sorted((self.box / folder).rglob("*")):
                name = path.relative_to(self.box).as_posix()
                if not path.is_dir() and name not in self.files:
                    raise self.bad(name, "not covered")


if __name__ == "__main__":
    paths, key = sys.argv[1:], None
    if paths[:1] == ["--seal-key"]:
        first, epoch, digest = pathlib.Path(paths[1]).read_text().split()
        if (first, epoch) != ("iia-seal-key", "0"):
            sys.exit("no seal key of epoch 0")
        paths, key = paths[2:], bytes.fromhex(digest.removeprefix("b3:"))
    for directory in paths:
        try:
            print(Log(pathlib.Path(directory), key).verify())
        except Bad as bad:
            print(bad)
