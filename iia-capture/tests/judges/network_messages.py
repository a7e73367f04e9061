"""Network messages of OPC UA PubSub as asyncua writes them."""

import datetime
import uuid

from asyncua import ua
from asyncua.pubsub import uadp

import conversation

AT = datetime.datetime(2026, 5, 4, 3, 2, 1, 500_000, datetime.timezone.utc)
MOMENT = "2026-05-04T03:02:01.500000000Z"
NAMES = {
    "WriterGroupId": "writer_group_id",
    "GroupVersion": "group_version",
    "NetworkMessageNo": "network_message_number",
    "SequenceNo": "sequence_number",
    "Timestamp": "timestamp",
    "PicoSeconds": "picoseconds",
    "Status": "status",
    "CfgMajorVersion": "major_version",
    "CfgMinorVersion": "minor_version",
}


def said(prefix, part):
    """What a header says."""
    for name, value in vars(part).items():
        if name in NAMES and value is not None:
            value = MOMENT if value == AT else value << 16 if name == "Status" else value
            yield prefix + NAMES[name], value


def several():
    group = uadp.UadpGroupHeader(WriterGroupId=5, GroupVersion=77, NetworkMessageNo=2, SequenceNo=9)
    head = uadp.UadpDataSetMessageHeader(True, 3, AT, 250, 0x8031, 7, 8)
    force = ua.Variant(42.75, ua.VariantType.Double)
    changed = uadp.UadpDataSetMessageHeader(True, 4)
    payload = [uadp.UadpDataSetVariant(head, [force]), uadp.UadpDataSetDeltaVariant(changed, [uadp.DeltaVariant(6, force)])]
    header = uadp.UadpHeader(ua.UInt16(4711), uuid.UUID("00112233-4455-6677-8899-aabbccddeeff"))
    message = uadp.UadpNetworkMessage(header, group, [31, 32], AT, 125, Payload=payload)
    conversation.frame("udp 4840", message.to_binary())
    yield "publisher_id", header.PublisherId
    yield "data_set_class_id", header.DataSetClassId
    yield "group_flags", group.to_bytes()[0]
    yield from said("", group)
    yield from said("", message)
    for one in payload:
        yield from said("data_set.", one.Header)
        yield "field_count", len(one.Data)
    yield "field_index", 6
    for kind in (0, 1):
        yield "message_type", kind


def pieces():
    """A message in three pieces, and what it says when it is put together."""
    values = [ua.Variant(number, ua.VariantType.UInt32) for number in range(300)]
    whole = uadp.UadpDataSetVariant(uadp.UadpDataSetMessageHeader(True, 3), values).message_to_binary()
    third = len(whole) // 3
    parts = [whole[:third], whole[third : 2 * third], whole[2 * third :]]
    offsets = [0, third, 2 * third]
    for offset, part in zip(offsets, parts):
        # The data of a piece are a ByteString (OPC 10000-14, 7.2.4.4.4); asyncua writes its bytes without their number.
        data = len(part).to_bytes(4, "little") + part
        chunk = uadp.UadpChunk(12, offset, len(whole), data)
        message = uadp.UadpNetworkMessage(uadp.UadpHeader(ua.UInt16(4711)), None, Payload=chunk).to_binary()
        conversation.frame("udp 4840", message)
    for offset, part in zip(offsets, parts):
        yield "chunk.message_sequence_number", 12
        yield "chunk.offset", offset
        yield "chunk.total_size", len(whole)
        yield "chunk.len", len(part)
    yield "data_set.sequence_number", 3
    yield "field_count", len(values)


for told in [several, pieces]:
    conversation.told([("iia.uadp." + name, value) for name, value in told()])
