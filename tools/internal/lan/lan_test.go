package lan

import (
	"net"
	"slices"
	"testing"
)

func TestAddressesAreThoseOfTheNetworks(t *testing.T) {
	all, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, address := range all {
		if network, ok := address.(*net.IPNet); ok && network.IP.To4() != nil && !network.IP.IsLoopback() && !network.IP.IsLinkLocalUnicast() {
			want = append(want, network.IP.String())
		}
	}
	if want == nil {
		want = []string{"127.0.0.1"}
	}
	got := Addresses()
	if first := outbound(); slices.Contains(want, first) && got[0] != first {
		t.Errorf("the first is %s, want %s, which leads to other networks", got[0], first)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the addresses are %v, want %v", got, want)
	}
}
