// Package lan finds the addresses at which other machines in the network reach
// this one.
package lan

import (
	"net"
	"net/netip"
	"slices"
)

// Addresses returns the IPv4 addresses of this machine, beginning with the one
// that leads to other networks. It returns 127.0.0.1 if the machine is in no
// network.
func Addresses() []string {
	var all []string
	interfaces, _ := net.Interfaces()
	for _, i := range interfaces {
		addresses, _ := i.Addrs()
		for _, address := range addresses {
			prefix, err := netip.ParsePrefix(address.String())
			ip := prefix.Addr()
			if err == nil && i.Flags&net.FlagUp != 0 && ip.Is4() && !ip.IsLoopback() && !ip.IsLinkLocalUnicast() {
				all = append(all, ip.String())
			}
		}
	}
	if first := outbound(); slices.Contains(all, first) {
		all = append([]string{first}, slices.DeleteFunc(all, func(a string) bool { return a == first })...)
	}
	if len(all) == 0 {
		all = []string{"127.0.0.1"}
	}
	return all
}

// outbound returns the address from which the system would send to another
// network. It sends nothing: 192.0.2.1 belongs to no machine
// (https://datatracker.ietf.org/doc/html/rfc5737).
func outbound() string {
	conn, err := net.Dial("udp4", "192.0.2.1:9")
	if err != nil {
		return ""
	}
	defer conn.Close()
	host, _, _ := net.SplitHostPort(conn.LocalAddr().String())
	return host
}
