package faults

import (
	"context"
	"encoding/json"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/wait"
)

// network is between the store and its servers, and can have a fault.
type network struct {
	t       testing.TB
	proxies map[string]*toxiproxy.Proxy // by the address of the server
	// healOnDial removes the fault at the next new connection.
	healOnDial atomic.Bool
	dials      atomic.Int64
}

func newNetwork(t testing.TB, addrs ...string) *network {
	t.Helper()
	n := &network{t: t, proxies: map[string]*toxiproxy.Proxy{}}
	api := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	for _, addr := range addrs {
		proxy := toxiproxy.NewProxy(api, addr, "127.0.0.1:0", addr)
		must(t, proxy.Start())
		t.Cleanup(proxy.Stop)
		n.proxies[addr] = proxy
	}
	return n
}

// dial connects to the proxy of a server.
func (n *network) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	n.dials.Add(1)
	if n.healOnDial.Load() {
		n.heal()
	}
	var dialer net.Dialer
	return dialer.DialContext(ctx, network, n.proxies[addr].Listen)
}

// fault is a fault of the network.
type fault struct {
	name string
	// Kind and Stream are those of toxiproxy. Upstream means towards Redis.
	Kind       string         `json:"type"`
	Stream     string         `json:"stream"`
	Attributes map[string]any `json:"attributes"`
	// runs says that Redis gets the request, and only the reply is late or lost.
	runs bool
}

// prefix is the key prefix of the test of this fault.
func (f fault) prefix() string { return prefix + strings.ReplaceAll(f.name, " ", "-") + ":" }

const toxicName = "fault"

func (n *network) breakWith(f fault) {
	n.t.Helper()
	text, err := json.Marshal(struct {
		Name string `json:"name"`
		fault
	}{toxicName, f})
	must(n.t, err)
	for _, proxy := range n.proxies {
		if _, err := proxy.Toxics.AddToxicJson(strings.NewReader(string(text))); err != nil {
			n.t.Errorf("%s: %v", f.name, err)
		}
	}
}

func (n *network) heal() {
	for _, proxy := range n.proxies {
		_ = proxy.Toxics.RemoveToxic(context.Background(), toxicName)
	}
}

// settle closes all connections. After it returns, no request under way can still
// arrive.
func (n *network) settle(servers ...*redistest.Server) {
	n.t.Helper()
	for _, proxy := range n.proxies {
		proxy.Stop()
	}
	for _, server := range servers {
		wait.For(n.t, "the server has no connection of the store", func() bool {
			list, err := server.Client.ClientList(context.Background()).Result()
			return err == nil && !strings.Contains(list, "name="+appName+" ")
		})
	}
}

// appName is the client name of the store's connections.
const appName = "sessionstore-faults"

// insistent sets the options that endanger at-most-once most: ten quick retries of
// everything.
func insistent(o *redis.Options) *redis.Options {
	o.ReadTimeout, o.WriteTimeout = slow/2, slow/2
	o.MaxRetries, o.MinRetryBackoff, o.MaxRetryBackoff = 10, 1, 2
	o.ClientName = appName
	return o
}

func insistentCluster(o *redis.ClusterOptions) *redis.ClusterOptions {
	o.ReadTimeout, o.WriteTimeout = slow/2, slow/2
	o.MaxRedirects, o.MinRetryBackoff, o.MaxRetryBackoff = 10, 1, 2
	o.MaxRetries = 10
	o.ClientName = appName
	return o
}
