iia-config 1

# refused: C002
# gRPC is HTTP/2, and there is no HTTP inside the box either.
contract iia.contract.internal.collect_to_lake 1.2.0 {
  scope internal
  source spiffe://iia.local/zone/collect/workload/protocol_collector
  destination spiffe://iia.local/zone/lake/workload/lake_writer
  operation WRITE_BATCH
  operation WRITE_STREAM
  cardinality many_to_one
  transport {
    protocol grpc
    security mtls
    port tls/7443
  }
  failure {
    on_unreachable buffer_local
    buffer_records 100000
    buffer_age 30d
    on_buffer_full drop_oldest_with_alarm
  }
  payload {
    schema ethernet_ip_record
    schema lorawan_record
    schema modbus_record
    schema opcua_record
    max_size 64KiB
    rate 50000/s
  }
  audit {
    attempts off
    failures on
    buffer_events on
  }
}
