"""A second reading of the audit log, written from its description and sharing no code with iia-verify.

    python verify_log.py [--seal-key FILE] DIR...   one line each:
        "ok RECORDS WITNESSED CHAINHEAD SEALED" or "bad SEQ FILE WHY"; SEALED is - without the key

Needs the packages blake3 and cryptography.
"""
import base64
import hashlib
import pathlib
import struct
import sys

from blake3 import blake3
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

KINDS_WITH_FILES = {11, 15, 16, 17, 23}  # submitted, staged, authorised, applied, segment sealed
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
    again = ["iia-policy 1", f"log {log[0]}", *(f"witness {w}" for w in witnesses), f"quorum {quorum[0]}", ""]
    if again != lines or not 1 <= quorum[0] <= len(witnesses):
        raise ValueError("policy")
    return Key(log[0]), [Key(w) for w in witnesses], quorum[0]


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
    if major == 3:
        return data[at:at + value].decode(), at + value
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

    def bad(self, file, why):
        return Bad(f"bad {self.records} {file} {why}")

    def verify(self):
        audit = self.box / "audit"
        try:
            self.log, self.witnesses, self.quorum = policy((audit / "policy").read_bytes())
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
            if path.name not in {"genesis", "policy", "seg", "heads", "receipts", "lock", "seals"}:
                raise self.bad(f"audit/{path.name}", "unknown")
        if (audit / "lock").exists() and (audit / "lock").stat().st_size:
            raise self.bad("audit/lock", "is not empty")
        self.signed_heads("heads")
        self.signed_heads("receipts")
        self.meet_claims()
        self.log_id = derived("file", text.encode())
        self.read_seals(audit / "seals")
        self.meet_seals()
        for path in sorted((audit / "seg").iterdir()):
            self.segment(path)
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

    def meet_seals(self):
        while self.seal and self.seal[0] == self.records:
            size, tag = self.seal
            if self.seal_key:
                said = self.log_id + struct.pack("<QQ", self.epoch, size) + self.head
                if blake3(said, key=self.seal_key).digest() != tag:
                    raise self.bad("audit/seals", "another log")
                self.seal_key, self.sealed = derived("audit ratchet", self.seal_key), size
            self.epoch += 1
            self.next_seal()

    def signed_heads(self, folder):
        for path in sorted((self.box / "audit" / folder).iterdir()):
            name = f"audit/{folder}/{path.name}"
            try:
                text, lines = note(path.read_bytes())
                origin, size, top = text[:-1].split("\n")
                good = [key for key in self.witnesses if key.signed(text, lines)]
                count = len(good) if folder == "receipts" else 0
                enough = folder == "heads" or len(good) >= self.quorum
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

    def segment(self, path):
        file, data = f"audit/seg/{path.name}", path.read_bytes()
        start = b"IAASEG1\n" + struct.pack("<Q", self.records) + self.head + self.log_id
        header = (start + derived("audit entry", start)).ljust(128, b"\0")
        if path.name != f"{self.records:016x}.iia" or data[:128] != header:
            raise self.bad(file, "header")
        at, key = 128, derived("audit chain", self.log_id)
        # Room that was written ahead is zero; nothing but zeros follows it.
        while any(data[at:at + 64]) or any(data[at:]):
            try:
                at = self.record(data, at, key)
            except (ValueError, IndexError, struct.error, TypeError) as error:
                raise self.bad(file, f"at {at}: {error}") from error
            self.meet_claims()
            self.meet_seals()

    def record(self, data, at, key):
        envelope, stored = data[at:at + 96], data[at + 96:at + 128]
        magic, length, seq, _, _, _, _, kind, schema, size = struct.unpack("<4sIQqQIIHHI", envelope[:48])
        if magic != b"IAR1" or seq != self.records or schema != 1 or length != (144 + size + 63) // 64 * 64:
            raise ValueError("envelope")
        if stored != blake3(self.head + envelope, key=key).digest():
            raise ValueError("link")
        tail = data[at + 128:at + length]
        if len(tail) != length - 128 or envelope[64:] != derived("audit body", tail):
            raise ValueError("body")
        (source, event), end = cbor(tail, 16)
        number, _, _, fields = event
        identity = derived("service id", source.encode())[:16]
        if end != 16 + size or any(tail[end:]) or number != kind or identity != envelope[48:64]:
            raise ValueError("envelope and body disagree")
        self.head, self.records = stored, self.records + 1
        peak = (1, hashlib.sha256(b"\0" + stored).digest())
        while self.peaks and self.peaks[-1][0] == peak[0]:
            left = self.peaks.pop()
            peak = (2 * peak[0], hashlib.sha256(b"\1" + left[1] + peak[1]).digest())
        self.peaks.append(peak)
        values = {}
        for name, value in fields:
            values.setdefault(name, value)
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
