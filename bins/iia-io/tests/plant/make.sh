# To the plant, its IO master in a network of its own, which hears what a mirror of the device's cable gives it. The one way from
# it is a cable to the box, whose own firewall lets it go on to the keeper of the chain, as on a box that has a network for each
# zone. Here the keeper is at the box's loopback interface, so that `audit` hands on bytes (relay.py).
for name in master audit; do
    ip netns add $name
    ip netns exec $name sysctl -qw $quiet 2>/dev/null || true
    ip -n $name link set lo up
done
ip link set lo up
ip addr add 10.90.22.2/32 dev lo
ip -n master link add tap0 type veth peer name mir2 netns inner
ip -n master link set tap0 arp off up
ip -n inner link set mir2 up
mirror inner dev1 mir2
ip -n master link add lnk0 type veth peer name iz-io netns $$
ip -n audit link add aud0 type veth peer name iz-audit netns $$
for name in iz-io iz-audit; do
    ip link set $name up
    sysctl -qw net.ipv4.conf.$name.rp_filter=0 net.ipv4.conf.$name.accept_local=1
done
sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0
ip addr add 10.90.7.1/24 dev iz-io
ip addr add 10.90.22.1/32 dev iz-audit
ip rule add pref 10 lookup local
ip rule del pref 0
ip rule add pref 5 iif iz-io lookup 100
ip route add 10.90.22.2/32 dev iz-audit table 100
ip -n master addr add 10.90.7.2/24 dev lnk0
ip -n master link set lnk0 up
ip -n master route add default via 10.90.7.1
ip -n audit addr add 10.90.22.2/32 dev aud0
ip -n audit link set aud0 up
ip -n audit route add 10.90.22.1/32 dev aud0
ip -n audit route add default via 10.90.22.1
