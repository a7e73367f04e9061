"""Events of LoRaWAN as ChirpStack describes and writes them, and as The Things Stack documents them."""

import json

from chirpstack_api import integration
from google.protobuf import json_format

import conversation


def chirpstack():
    """An uplink, by the description that the server's authors publish."""
    info = dict(tenant_id="52f14cd4", application_id="17c82e96", device_name="press", dev_eui="0102030405060708")
    heard = [dict(gateway_id="0303030303030303", rssi=-48, snr=9.5), dict(gateway_id="0404040404040404", rssi=-102, snr=-3.25)]
    lora = dict(bandwidth=125000, spreading_factor=11)
    event = integration.UplinkEvent(
        device_info=info,
        dev_addr="00189440",
        f_cnt=10,
        f_port=5,
        confirmed=True,
        data=b"\x01\x02\xff",
        rx_info=heard,
        tx_info=dict(frequency=868100000, modulation=dict(lora=lora)),
    )
    conversation.published([("application/17c82e96/device/0102030405060708/event/up", json_format.MessageToJson(event).encode())])
    device, sent = event.device_info, event.tx_info
    return [
        ("dev_eui", device.dev_eui),
        ("dev_addr", event.dev_addr),
        ("device", device.device_name),
        ("application", device.application_id),
        ("tenant", device.tenant_id),
        ("f_port", event.f_port),
        ("f_cnt", event.f_cnt),
        ("frequency", sent.frequency),
        ("spreading_factor", sent.modulation.lora.spreading_factor),
        ("bandwidth", sent.modulation.lora.bandwidth),
        ("confirmed", event.confirmed),
        ("data", event.data),
        *[("gateway", one.gateway_id) for one in event.rx_info],
        *[("rssi", one.rssi) for one in event.rx_info],
        *[("snr", one.snr) for one in event.rx_info],
    ]


# The example of an uplink in The Things Stack's documentation ("Data Formats"), without what is not told.
STACK = """{"end_device_ids": {"device_id": "dev1", "application_ids": {"application_id": "app1"}, "dev_eui": "0004A30B001C0530",
 "join_eui": "800000000000000C", "dev_addr": "00BCB929"}, "uplink_message": {"f_cnt": 1, "f_port": 1, "frm_payload": "gkHe",
 "rx_metadata": [{"gateway_ids": {"gateway_id": "gtw1", "eui": "9C5C8E00001A05C4"}, "rssi": -35, "snr": 5}], "settings": {"data_rate":
 {"lora": {"bandwidth": 125000, "spreading_factor": 7}}, "frequency": "868300000"}, "confirmed": true}}"""


def stack():
    conversation.published([("v3/app1/devices/dev1/up", STACK.encode())])
    event = json.loads(STACK)
    ids, up = event["end_device_ids"], event["uplink_message"]
    rate = up["settings"]["data_rate"]["lora"]
    return [
        ("dev_addr", ids["dev_addr"]),
        ("join_eui", ids["join_eui"]),
        ("device", ids["device_id"]),
        ("frequency", up["settings"]["frequency"]),
        ("spreading_factor", rate["spreading_factor"]),
        ("bandwidth", rate["bandwidth"]),
        ("confirmed", up["confirmed"]),
    ]


for told in [chirpstack, stack]:
    conversation.told([("iia.lorawan." + name, value) for name, value in told()])
