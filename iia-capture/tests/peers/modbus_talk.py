"""A client and a server of pymodbus talk on loopback; every packet and every answer as the client sees it are printed.

Lines: `S hex` and `R hex`, a packet sent and one received; `A json`, an operation and what it gave. With `line` they talk on a
serial line, two terminals of this machine that are joined, and what is printed is `L nanoseconds hex`: bytes as they come on it.
"""

import asyncio
import json
import os
import sys
import time
import tty

from pymodbus import ModbusDeviceIdentification
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient, AsyncModbusUdpClient
from pymodbus.datastore import ModbusDeviceContext, ModbusSequentialDataBlock, ModbusServerContext
from pymodbus.framer import FramerType
from pymodbus.pdu.file_message import FileRecord
from pymodbus.server import ModbusSerialServer, ModbusTcpServer, ModbusUdpServer

UNIT = 17


def packet(sending, data):
    if data:
        print("S" if sending else "R", data.hex())
    return data


def context():
    def block(first):
        return ModbusSequentialDataBlock(1, [first + n for n in range(100)])

    bits = ModbusSequentialDataBlock(1, [n % 3 == 0 for n in range(100)])
    device = ModbusDeviceContext(di=bits, co=bits, hr=block(1000), ir=block(60000))
    return ModbusServerContext(devices={UNIT: device}, single=False)


async def talk(client):
    async def ask(func, addr, count, reply, written=None):
        reply = await reply
        refused = reply.isError()
        values = written
        if func in (1, 2):
            values = None if refused else [int(bit) for bit in reply.bits[:count]]
        elif func in (3, 4, 23):
            values = None if refused else reply.registers
        code = reply.exception_code if refused else None
        print("A", json.dumps({"func": func, "addr": addr, "count": count, "values": values, "exception": code}))

    at = {"device_id": UNIT}
    await ask(3, 0, 2, client.read_holding_registers(0, count=2, **at))
    await ask(1, 4, 19, client.read_coils(4, count=19, **at))
    await ask(2, 0, 8, client.read_discrete_inputs(0, count=8, **at))
    await ask(4, 10, 50, client.read_input_registers(10, count=50, **at))
    await ask(5, 3, 1, client.write_coil(3, True, **at), [1])
    await ask(6, 0, 1, client.write_register(0, 2, **at), [2])
    await ask(15, 8, 10, client.write_coils(8, [True, False] * 5, **at), [1, 0] * 5)
    await ask(16, 20, 3, client.write_registers(20, [7, 8, 65535], **at), [7, 8, 65535])
    await ask(3, 19, 5, client.read_holding_registers(19, count=5, **at))
    await ask(22, 20, 1, client.mask_write_register(address=20, and_mask=0xF0F0, or_mask=0x0F0F, **at))
    await ask(23, 0, 4, client.readwrite_registers(read_address=0, read_count=4, write_address=30, values=[9, 9], **at))
    await ask(3, 5000, 3, client.read_holding_registers(5000, count=3, **at))
    await ask(8, None, None, client.diag_query_data(b"\x12\x34", **at))
    await ask(8, None, None, client.diag_read_bus_message_count(**at))
    await ask(17, None, None, client.report_device_id(**at))
    await kept(client, at)
    reply = await client.read_device_information(read_code=1, object_id=0, **at)
    texts = [reply.information[key].decode() for key in sorted(reply.information)]
    print("A", json.dumps({"func": 43, "objects": texts}))


async def kept(client, at):
    """What a device keeps beside its registers: events, files (this server cannot read any), queues."""

    def told(func, **said):
        print("A", json.dumps({"func": func, **said}))

    reply = await client.diag_get_comm_event_counter(**at)
    told(11, ready=reply.status, count=reply.count)
    reply = await client.diag_get_comm_event_log(**at)
    told(12, ready=reply.status, count=reply.event_count, messages=reply.message_count, events=list(reply.events))
    wanted = FileRecord(file_number=5, record_number=3, record_data=b"\x06\xaf\x04\xbe")
    reply = await client.write_file_record([wanted], **at)
    told(21, file=reply.records[0].file_number, record=reply.records[0].record_number, data=[reply.records[0].record_data.hex()])
    reply = await client.read_fifo_queue(address=1246, **at)
    told(24, addr=1246, data="".join(f"{value:04x}" for value in reply.values))


def join():
    """Two terminals: what is written to one is read from the other, and printed."""
    ends = [os.openpty() for _ in range(2)]
    for end in (end for pair in ends for end in pair):
        tty.setraw(end)

    def carry(source, target):
        # As much as the chip of a serial port keeps.
        data = os.read(source, 16)
        print("L", time.monotonic_ns(), data.hex())
        os.write(target, data)

    for source, target in ((0, 1), (1, 0)):
        asyncio.get_running_loop().add_reader(ends[source][0], carry, ends[source][0], ends[target][0])
    return [os.ttyname(end[1]) for end in ends]


async def line(identity):
    ports = join()
    at = {"framer": FramerType.RTU, "baudrate": 19200}
    server = ModbusSerialServer(context(), identity=identity, port=ports[1], **at)
    await server.listen()
    client = AsyncModbusSerialClient(ports[0], **at)
    await client.connect()
    await talk(client)
    client.close()
    await server.shutdown()


async def main(way):
    framer = FramerType.RTU if way.endswith("rtu") else FramerType.SOCKET
    names = {"VendorName": "Peer, Inc.", "ProductCode": "P-17", "MajorMinorRevision": "3.1"}
    identity = ModbusDeviceIdentification(info_name=names)
    if way == "line":
        return await line(identity)
    kinds = (ModbusUdpServer, AsyncModbusUdpClient) if way.startswith("udp") else (ModbusTcpServer, AsyncModbusTcpClient)
    server = kinds[0](context(), framer=framer, identity=identity, address=("127.0.0.1", 0))
    await server.listen()
    transport = server.transport
    name = transport.sockets[0].getsockname() if hasattr(transport, "sockets") else transport.get_extra_info("sockname")
    client = kinds[1]("127.0.0.1", port=name[1], framer=framer, trace_packet=packet)
    await client.connect()
    await talk(client)
    client.close()
    await server.shutdown()


asyncio.run(main(sys.argv[1]))
