"""A second reader of a ring of captures: seals, tables of leaves and slices, written from the page docs/live-capture.md alone.

ring.py seals FOLDER             verifies every seal and file, and that each follows the one before; says the digests
ring.py slice PCAPNG PROOF       verifies a slice; says how many packets are in the range and around it, and the digests

Needs the package blake3."""

import json
import pathlib
import struct
import sys

from blake3 import blake3

NONE = (2**63 - 1, -(2**63))
LEAF_LEN = 64 * 1024


def digest(data):
    return blake3(data, derive_key_context="iia 2026-11 capture ring v1").digest()


def times(data):
    """The times of the packets in whole blocks of pcapng, in nanoseconds."""
    found, at = [], 0
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        assert length % 4 == 0 and length >= 12
        assert struct.unpack_from("<I", data, at + length - 4)[0] == length
        if kind == 6:
            high, low = struct.unpack_from("<II", data, at + 12)
            found.append(high << 32 | low)
        else:
            assert kind in (0x0A0D0D0A, 1), kind
        at += length
    assert at == len(data)
    return found


def blocks(data):
    """Where each block begins, and its kind."""
    at = 0
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        yield at, kind, length
        at += length


def span(found):
    return (min(found), max(found)) if found else NONE


def both(one, other):
    return (min(one[0], other[0]), max(one[1], other[1]))


def leaf(data):
    when = span(times(data))
    return when, digest(b"\0" + struct.pack("<qq", *when) + data)


def join(left, right):
    when = both(left[0], right[0])
    data = b"\1" + struct.pack("<qq", *when)
    for side in (left, right):
        data += struct.pack("<qq", *side[0]) + side[1]
    return when, digest(data)


def split(count):
    half = 1
    while half * 2 < count:
        half *= 2
    return half


def top(count, give, start=0):
    """The node over some leaves; `give` has it whole, or not."""
    whole = give(start, start + count)
    if whole:
        return whole
    half = split(count)
    return join(top(half, give, start), top(count - half, give, start + half))


def cut(data):
    """A file in leaves: its head, then packets as they fit."""
    leaves, begin = [], 0
    for at, kind, length in blocks(data):
        full = at + length - begin > LEAF_LEN
        if at > begin and kind == 6 and (full or not leaves):
            leaves.append(data[begin:at])
            begin = at
    return leaves + [data[begin:]]


FIELDS = "<QQQQqqIB32s32s"


def pack(seal):
    return struct.pack(FIELDS, *seal)


def seals(folder):
    previous = bytes(32)
    for path in sorted(pathlib.Path(folder).glob("*.seal")):
        data = path.read_bytes()
        assert data[:8] == b"IIASEAL1"
        seal = struct.unpack_from(FIELDS, data, 8)
        number, length, packets, lost, first, last, count, recovered, root, before = seal
        capture = path.with_suffix(".pcapng").read_bytes()
        assert path.stem == f"{number:012}" and len(capture) == length and before == previous
        leaves = [leaf(part) for part in cut(capture)]
        assert len(leaves) == count and len(times(capture)) == packets
        found = top(count, lambda start, end: leaves[start] if end - start == 1 else None)
        assert found == ((first, last), root)
        at = 8 + struct.calcsize(FIELDS)
        for part, (when, sum_) in zip(cut(capture), leaves, strict=True):
            row = struct.unpack_from("<IIqq32s", data, at)
            assert row == (len(part), len(times(part)), *when, sum_)
            at += struct.calcsize("<IIqq32s")
        assert at == len(data)
        previous = digest(b"\2" + pack(seal))
        print("b3:" + previous.hex())


def slice_(pcapng, proof):
    data, proof = pathlib.Path(pcapng).read_bytes(), json.loads(pathlib.Path(proof).read_text())
    assert proof["format"] == "iia-capture-slice/1"
    begin, end = proof["from"], proof["to"]
    inside = around = at = 0
    before, digests = None, []
    for part in proof["parts"]:
        seal, leaves = part["seal"], []
        for length in part["lens"]:
            bytes_ = data[at : at + length]
            assert len(bytes_) == length
            at += length
            leaves.append(leaf(bytes_))
            found = times(bytes_)
            here = sum(begin <= one < end for one in found)
            inside, around = inside + here, around + len(found) - here
        beside = [((node["first"], node["last"]), bytes.fromhex(node["digest"][3:])) for node in part["beside"]]
        for (first, last), _ in beside:
            assert not (first < end and last >= begin), "something was left out"
        held = {0} | set(range(part["first"], part["first"] + len(part["lens"]) - 1))
        waiting = [leaves[:], beside[:]]

        def give(start, stop):
            mine = [one for one in held if start <= one < stop]
            if mine and stop - start == 1:
                return waiting[0].pop(0)
            return None if mine else waiting[1].pop(0)

        assert top(seal["leaves"], give) == ((seal["first"], seal["last"]), bytes.fromhex(seal["root"][3:]))
        assert waiting == [[], []]
        sealed = pack((
            seal["number"], seal["len"], seal["packets"], seal["lost"], seal["first"], seal["last"], seal["leaves"],
            seal["recovered"], bytes.fromhex(seal["root"][3:]), bytes.fromhex(seal["previous"][3:]),
        ))
        if before:
            assert seal["previous"] == before[1] and seal["number"] == before[0] + 1
        before = (seal["number"], "b3:" + digest(b"\2" + sealed).hex())
        digests.append(before[1])
    assert at == len(data)
    print(inside, around)
    for one in digests:
        print(one)


{"seals": seals, "slice": slice_}[sys.argv[1]](*sys.argv[2:])
