package board

import (
	"net/http"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	// The library reads it once in a process, and no other test here uses HTTPS.
	os.Setenv("HTTPS_PROXY", "http://proxy.invalid:3128")
	os.Exit(m.Run())
}

// A proxy on the internet cannot reach a local network.
func TestALocalAddressIsReachedWithoutAProxy(t *testing.T) {
	for address, through := range map[string]bool{
		"https://192.168.1.20:5050": false, "https://10.0.0.1": false, "https://[fd00::1]:5050": false, "https://169.254.1.1": false,
		"https://board.example.com": true, "https://203.0.113.7": true,
	} {
		request, err := http.NewRequest(http.MethodPost, address+"/k7f3qz/progress", nil)
		if err != nil {
			t.Fatal(err)
		}
		proxy, err := transport.Proxy(request)
		if err != nil || (proxy != nil) != through {
			t.Errorf("%s: through %v, %v", address, proxy, err)
		}
	}
}
