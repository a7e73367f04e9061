
interface svc0 {
  kind services
  side inbound
}

service cell-dhcp {
  kind dhcp
  interface svc0
  network 10.20.0.0/24
  listen udp/10.20.0.1:67
  range 10.20.0.100 10.20.0.199
  lease 1h
}

service cell-dns {
  kind dns
  interface svc0
  network 10.20.0.0/24
  listen udp/10.20.0.1:53
  listen tcp/10.20.0.1:53
  domain cell.iia
  record plc1 10.20.0.21
}

service cell-files {
  kind files
  interface svc0
  network 10.20.0.0/24
  listen tcp/10.20.0.1:445
  share recipes read
  share reports readwrite
  account daemon
}

service cell-mqtt {
  kind mqtt
  interface svc0
  network 10.20.0.0/24
  listen tls/10.20.0.1:8883
}

service cell-time {
  kind ntp
  interface svc0
  network 10.20.0.0/24
  listen udp/10.20.0.1:123
  listen tcp/10.20.0.1:4460
  nts on
}

unit api {
  workload spiffe://iia.local/zone/api/workload/query_server
  program "/bin/true"
  argument 1 "role"
  argument 2 "api"
  repository "localhost/iia-box"
  image sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
  user 2003
}

unit collector {
  workload spiffe://iia.local/zone/collect/workload/protocol_collector
  program "/bin/true"
  argument 1 "role"
  argument 2 "collect 100% of $x"
  repository "localhost/iia-box"
  image sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
  user 2002
}

unit lake {
  workload spiffe://iia.local/zone/lake/workload/lake_writer
  program "/bin/true"
  argument 1 "role"
  argument 2 "lake"
  repository "localhost/iia-box"
  image sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
  user 2001
  memory 128MiB
  state on
}

contract iia.contract.device.cell.press 1.0.0 {
  scope device
  collector spiffe://iia.local/zone/collect/workload/protocol_collector
  protocol mqtt
  client 10.20.0.0/24
  server tls/10.20.0.1:8883
  identity sensor1
  observation {
    mode mqtt_subscription
    topic "cell/press/#"
  }
}
