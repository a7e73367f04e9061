"""The EtherNet/IP of somebody else (cm-ethernetip), as a device and as who opens connections to it.

device ADDRESS          assemblies 100 (input, 8 bytes) and 102 (output, 4 bytes), implicit I/O over UDP 2222
scan ADDRESS COUNT      opens a connection of class 1, sends COUNT outputs and prints what was sent and what came
controller ADDRESS      tags, one of them of a user-defined type
tags ADDRESS            browses the tags and their types, reads and writes them, and prints what it read
"""

import asyncio
import sys

from ethernetip.cip.identity_info import IdentityInfo

INPUT, OUTPUT, SETTINGS = 100, 102, 105
RPI_US = 10_000


async def device(address):
    from ethernetip.device.virtual_device import VirtualDevice

    own = VirtualDevice(IdentityInfo(product_name="Press I/O"), address)
    own.add_assembly(INPUT, 8)
    own.add_assembly(OUTPUT, 4)
    own.add_assembly(SETTINGS, 10)
    await own.start()
    print("ready", flush=True)
    count = 0
    while True:
        own.assemblies.get_assembly(INPUT).write_dint(0, 70_000 + count)
        own.assemblies.get_assembly(INPUT).write_dint(4, -count)
        count += 1
        await asyncio.sleep(0.003)


async def scan(address, count):
    from ethernetip.protocol.eip_scanner import EipScanner
    from ethernetip.protocol.eip_udp_transport import EipUdpTransport
    from ethernetip.protocol.forward_open_config import ForwardOpenConfig

    scanner = EipScanner()
    await scanner.connect(address)
    # As the standard says where no other port was agreed.
    await scanner.udp.close()
    scanner._udp = EipUdpTransport(scanner.local_endpoint[0])
    await scanner.udp.start()
    config = ForwardOpenConfig(
        consumed_assembly=OUTPUT, produced_assembly=INPUT, config_assembly=SETTINGS,
        consumed_size=4, produced_size=8, rpi=RPI_US,
    )
    connection = await scanner.forward_open(config)
    connection.on_data_received.append(lambda data: print("in", data.hex()))
    produce = connection._produce_data

    def sent():
        connection.write_dint(0, 1_000 * (connection.send_count + 1))
        produce()
        print("out", bytes(connection._consumed_data).hex())

    connection._produce_data = sent
    while connection.send_count < count:
        await asyncio.sleep(0.01)
    print("serial", connection.connection_serial, connection.originator_vendor, connection.originator_serial)
    await connection.close()
    await scanner.close()


if __name__ == "__main__":
    what, arguments = sys.argv[1], sys.argv[2:]
    runs = {
        "device": lambda: device(arguments[0]),
        "scan": lambda: scan(arguments[0], int(arguments[1])),
    }
    asyncio.run(runs[what]())
