"""What pycomm3 makes of templates of a Logix controller and of values of their types.

Standard input has lines `template INSTANCE MEMBERS SIZE DEFINITION` and `value INSTANCE BYTES`, the last of each in hexadecimal.
For each value one line is printed: each member of it that has no members itself as PATH=VALUE, values of arrays with commas.
"""

import sys

from pycomm3 import LogixDriver


class Reader(LogixDriver):
    """Reads templates from what was given instead of from a controller."""

    def __init__(self, given):
        super().__init__("127.0.0.1", init_tags=False, init_program_tags=False)
        self._cache = {"id:struct": {}, "handle:id": {}, "id:udt": {}}
        self._given = given

    def _get_structure_makeup(self, instance):
        members, size, definition = self._given[instance]
        return {
            "object_definition_size": (len(definition) + 23 + 3) // 4,
            "structure_size": size,
            "member_count": members,
            "structure_handle": instance,
        }

    def _read_template(self, instance, size):
        return self._given[instance][2]


def words(bits):
    """Numbers of the flags that pycomm3 makes of them."""
    flat = [bit for one in bits for bit in (one if isinstance(one, list) else [one])]
    parts = [flat[at : at + 32] for at in range(0, len(flat), 32)]
    return [sum(bit << place for place, bit in enumerate(part)) for part in parts]


def told(path, value):
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from told(f"{path}.{name}" if path else name, inner)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for number, inner in enumerate(value):
            yield from told(f"{path}[{number}]", inner)
    elif isinstance(value, list):
        first = value[0]
        flags = isinstance(first, bool) or isinstance(first, list)
        yield path, ",".join(map(str, words(value) if flags else value))
    else:
        yield path, str(int(value) if isinstance(value, bool) else value)


given, values = {}, []
for line in sys.stdin:
    kind, *rest = line.split()
    if kind == "template":
        given[int(rest[0])] = (int(rest[1]), int(rest[2]), bytes.fromhex(rest[3]))
    else:
        values.append((int(rest[0]), bytes.fromhex(rest[1])))
reader = Reader(given)
for instance, data in values:
    kind = reader._get_data_type(instance, 0x8000 | instance)["type_class"]
    print("\t".join(f"{path}={value}" for path, value in told("", kind.decode(data))))
