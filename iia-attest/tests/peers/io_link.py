"""Sequences of IO-Link as another decoder reads them.

Arguments: `kind:out:request:in:port-hex:device-hex`. A line for each half: whether its checksum fits, process data, on-request data.
"""

import sys
from datetime import datetime, timedelta

from iolink_utils.definitions.bitRate import BitRate
from iolink_utils.octetStreamDecoder.octetStreamDecoder import OctetStreamDecoder
from iolink_utils.octetStreamDecoder.octetStreamDecoderSettings import DecoderSettings, MSeqPayloadLength

for argument in sys.argv[1:]:
    kind, out, request, into, port, device = argument.split(":")
    length = MSeqPayloadLength(pdOut=int(out), od=int(request), pdIn=int(into))
    shapes = {"0": "startup", "1": "preoperate", "2": "operate"}
    decoder = OctetStreamDecoder(DecoderSettings(transmissionRate=BitRate.COM3, **{shapes[kind]: length}))
    now, octet_time = datetime(2026, 1, 1), timedelta(microseconds=48)
    for octet in bytes.fromhex(port) + bytes.fromhex(device):
        message = decoder.processOctet(octet, now, now + octet_time)
        now += octet_time
        if message is not None:
            data = message.pdOut if hasattr(message, "pdOut") else message.pdIn
            print(int(message.isValid), bytes(data).hex() or "-", bytes(message.od).hex() or "-")
