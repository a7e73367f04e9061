"""Millivolts of every type of thermocouple over its range, by a library: `letter celsius millivolts`."""

import sys

from thermocouples import get_thermocouple

for argument in sys.argv[1:]:
    letter, low, high = argument.split(":")
    steps = 200
    for step in range(steps + 1):
        celsius = float(low) + (float(high) - float(low)) * step / steps
        print(letter, celsius, get_thermocouple(letter).temp_to_volt(celsius) * 1000)
