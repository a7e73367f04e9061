# Answers at each of the ports given, on every address of this namespace, until its input ends.
import socket, sys

held = []
for port in map(int, sys.argv[1:]):
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind(("0.0.0.0", port))
    one.listen(128)
    held.append(one)
print("ready", flush=True)
sys.stdin.read()
