# Names asked for and handshakes of TLS, of programs of others, kept as talk.pcapng in the folder that is named.
ip link set lo up
cd "$1"
dumpcap -q -i lo -w talk.pcapng 2>/dev/null & keeper=$!
until [ -s talk.pcapng ]; do sleep 0.02; done
dnsmasq --no-daemon --conf-file=/dev/null --no-resolv --no-hosts --listen-address=127.0.0.1 --bind-interfaces \
    --user=root --group=root --pid-file= --local=/cell/ --local=/10.in-addr.arpa/ \
    --host-record=plc.cell,10.1.0.5,fd00::5 --cname=line.cell,plc.cell --mx-host=cell,mail.cell,10 \
    --txt-record=cell,one,'two words' --srv-host=_opc._tcp.cell,plc.cell,4840,5,7 2>/dev/null & names=$!
until dig @127.0.0.1 +time=1 +tries=1 plc.cell A >/dev/null; do sleep 0.02; done
for asked in 'plc.cell AAAA' 'line.cell A' 'cell MX' 'cell TXT' '_opc._tcp.cell SRV' '-x 10.1.0.5' 'nowhere.cell A'; do
    dig @127.0.0.1 $asked >/dev/null
done
dig @127.0.0.1 +tcp plc.cell A >/dev/null
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key -out leaf -days 30 \
    -subj '/C=DE/ST=Hessen/O=Press, Line/OU=Cell/CN=plc.cell' 2>/dev/null
for version in tls1_2:443 tls1_3:8443; do
    port=${version#*:}
    openssl s_server -accept "127.0.0.1:$port" -cert leaf -key key -naccept 1 -quiet -"${version%:*}" 2>/dev/null >/dev/null & server=$!
    until ss -Hltn "sport = :$port" | grep -q .; do sleep 0.02; done
    echo | openssl s_client -connect "127.0.0.1:$port" -servername plc.cell -"${version%:*}" >/dev/null 2>&1
    wait $server || true
done
# What the kernel still holds is written after a moment.
sleep 0.4
kill -INT $keeper
kill $names
wait $keeper
