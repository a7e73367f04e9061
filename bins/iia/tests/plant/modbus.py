"""A server and a client of pymodbus: `server ADDRESS` serves until it is ended, `client ADDRESS` reads and then writes."""

import asyncio
import sys

from pymodbus.client import ModbusTcpClient
from pymodbus.datastore import ModbusDeviceContext, ModbusSequentialDataBlock, ModbusServerContext
from pymodbus.server import ModbusTcpServer

ROLE, ADDRESS = sys.argv[1:3]


async def serve():
    device = ModbusDeviceContext(hr=ModbusSequentialDataBlock(1, [0] * 100))
    server = ModbusTcpServer(ModbusServerContext(devices={1: device}, single=False), address=(ADDRESS, 502))
    await server.serve_forever()


if ROLE == "server":
    asyncio.run(serve())
client = ModbusTcpClient(ADDRESS, port=502)
assert client.connect()
assert not client.read_holding_registers(4, count=3, device_id=1).isError()
assert not client.write_register(40, 7, device_id=1).isError()
client.close()
