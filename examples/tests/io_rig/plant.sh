# A plant: collector, proxy (with a foot on either side) and device, each in a network of its own. Everything private. `box0` is
# here and hears what a mirror of the collector's cable gives it.
set -e
mount -t tmpfs none /run
mkdir /run/netns
quiet="net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1"
# Nothing says anything by itself; a kernel without IPv6 has no settings of it.
sysctl -qw $quiet 2>/dev/null || true
for name in collector outer inner device; do
    ip netns add $name
    ip netns exec $name sysctl -qw $quiet 2>/dev/null || true
done
ip -n collector link add col0 type veth peer name box1 netns outer
ip -n inner link add dev1 type veth peer name dev0 netns device
ip link add box0 type veth peer name mir1 netns outer
ip -n collector addr add 10.9.0.1/24 dev col0
ip -n outer addr add 10.9.0.2/24 dev box1
ip -n inner addr add 10.9.0.1/24 dev dev1
ip -n device addr add 10.9.0.2/24 dev dev0
ip link set box0 up
ip -n outer link set mir1 up
ip -n collector link set col0 up
ip -n outer link set box1 up
ip -n inner link set dev1 up
ip -n device link set dev0 up
# What is said on $2 of the network $1 is heard at $3 as well.
mirror() {
    tc -n $1 qdisc add dev $2 clsact
    for way in ingress egress; do
        tc -n $1 filter add dev $2 $way protocol all u32 match u32 0 0 action mirred egress mirror dev $3
    done
}
mirror outer box1 mir1
