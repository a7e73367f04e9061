# Opens a connection to each [address, port] of a JSON list on its input, all at once; tells those that were answered
# within two seconds, and those that were refused by whoever is there.
import json, select, socket, sys, time

waiting = {}
poll = select.poll()
for address, port in json.load(sys.stdin):
    one = socket.socket()
    one.setblocking(False)
    one.connect_ex((address, port))
    waiting[one.fileno()] = (one, address, port)
    poll.register(one, select.POLLOUT)
answered, refused = [], []
until = time.monotonic() + 2.0
while waiting and (left := until - time.monotonic()) > 0:
    for number, _ in poll.poll(left * 1000):
        one, address, port = waiting.pop(number)
        poll.unregister(number)
        fault = one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        (refused if fault else answered).append([address, port])
print(json.dumps([answered, refused]))
