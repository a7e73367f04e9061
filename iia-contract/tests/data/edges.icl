# A box with every kind of edge: ears, services of the cell, and an IT network by both families.
interface acs0 {
  kind observation
  side inbound
}
interface svc0 {
  kind services
  side inbound
}
interface it0 {
  kind it
  side outbound
}
zone publish {
  role ot.it.publish
  bridge iz-publish
  subnet 10.77.1.0/24
  workload four 10.77.1.2
  workload open_four 10.77.1.3
}
zone wide {
  role ot.it.publish
  bridge iz-wide
  subnet fd00:1::/64
  workload six fd00:1::2
  workload open_six fd00:1::3
}
endpoint four {
  workload spiffe://iia.local/zone/publish/workload/four
  listen tls/10.77.1.2:7447
  interface it0
  allow 203.0.113.0/24
  allow 198.51.100.9/32
}
endpoint open_four {
  workload spiffe://iia.local/zone/publish/workload/open_four
  listen tls/10.77.1.3:7447
  interface it0
}
endpoint six {
  workload spiffe://iia.local/zone/wide/workload/six
  listen tls/[fd00:1::2]:7447
  interface it0
  allow 2001:db8::/64
  allow 2001:db8:1::9/128
}
endpoint open_six {
  workload spiffe://iia.local/zone/wide/workload/open_six
  listen tls/[fd00:1::3]:7447
  interface it0
}
endpoint theirs {
  workload spiffe://enterprise.example/iia/consumer/bi_ingest
  connect tls/203.0.113.10:7447
  interface it0
}
endpoint theirs_six {
  workload spiffe://enterprise.example/iia/consumer/bi_ingest
  connect tls/[2001:db8::10]:7447
  interface it0
}
service cell-dhcp {
  kind dhcp
  interface svc0
  network 10.50.0.0/24
  listen udp/10.50.0.1:67
}
service cell-time {
  kind ntp
  interface svc0
  network fd00:50::/64
  listen udp/[fd00:50::1]:123
}
