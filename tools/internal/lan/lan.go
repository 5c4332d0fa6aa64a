// Package lan finds the addresses by which others in this network reach this
// machine.
package lan

import (
	"net"
	"net/netip"
	"slices"
)

// Addresses are the IPv4 addresses of this machine, the one that leads to other
// networks first; 127.0.0.1 if the machine is in no network.
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

// outbound asks the system from which address it would send to another network.
// Nothing is sent: 192.0.2.1 is an address that no machine has
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
