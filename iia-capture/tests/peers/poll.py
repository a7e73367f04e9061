"""A control loop: `serve ADDRESS` answers polls, `poll ADDRESS COUNT` asks for ten registers again and again and prints, one a line,
how long each answer took in microseconds; a poll without answer is `lost`."""
import sys
import time

from pymodbus.client import ModbusTcpClient
from pymodbus.datastore import ModbusDeviceContext, ModbusSequentialDataBlock, ModbusServerContext
from pymodbus.server import StartTcpServer

if sys.argv[1] == "serve":
    device = ModbusDeviceContext(hr=ModbusSequentialDataBlock(0, [n * 3 for n in range(100)]))
    StartTcpServer(ModbusServerContext(devices=device, single=True), address=(sys.argv[2], 502))
client = ModbusTcpClient(sys.argv[2], timeout=5, retries=0)
deadline = time.time() + 20
while not client.connect() and time.time() < deadline:
    time.sleep(0.05)
for _ in range(int(sys.argv[3])):
    since = time.perf_counter()
    answer = client.read_holding_registers(20, count=10)
    took = int((time.perf_counter() - since) * 1e6)
    print("lost" if answer.isError() or len(answer.registers) != 10 else took)
    time.sleep(0.002)
