package main

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/wait"
	"example.com/session-workshop/check/wire"
	"example.com/session-workshop/sessionstore"
)

// A round is some users, each with some clients, each of which makes some calls.
// It is small, so that porcupine judges the history of a user at once.
const (
	users       = 8
	clients     = 3 // of one user
	calls       = 8 // of one client
	maxSessions = 3
)

// round is one small world with faults.
type round struct {
	service
	admin  redis.UniversalClient
	prefix string // of its keys, and the name of its client
	random *rand.Rand
	clock  atomic.Int64
	// retries says that the client library may send commands again.
	retries bool
}

// tick is a moment in the order of all that happens in the round.
func (r *round) tick() int64 { return r.clock.Add(1) }

// play lets the users do what they do, and returns what happened to each.
func (r *round) play(ctx context.Context) ([]*history, error) {
	everyone := make([]*user, users)
	for i := range everyone {
		everyone[i] = &user{round: r, name: fmt.Sprint("user ", i)}
	}
	if err := r.suffer(ctx, everyone); err != nil {
		return nil, err
	}
	quiet := r.tick()
	store := r.store(r.admin)
	defer store.Close()
	histories := make([]*history, users)
	for i, u := range everyone {
		u.lookBack(store)
		slices.SortFunc(u.history, func(a, b *call) int { return cmp.Compare(a.from, b.from) })
		histories[i] = explain(u.history, quiet, maxSessions)
	}
	left, err := r.clear(ctx, r.admin, r.prefix)
	for _, h := range histories {
		h.mustNotBe(left, r.cluster)
	}
	return histories, err
}

// suffer makes the calls over an ill network. When it returns nothing that was
// sent can still arrive.
func (r *round) suffer(ctx context.Context, everyone []*user) error {
	net, err := r.illNetwork()
	if err != nil {
		return err
	}
	defer net.close()
	options := impatient(r.options())
	options.ClientName, options.Dialer = r.prefix, net.dial
	if !r.retries {
		options.MaxRetries, options.MaxRedirects = -1, -1
	}
	rdb := redis.NewUniversalClient(options)
	rdb.AddHook(attempts{r})
	store := r.store(rdb)
	var group sync.WaitGroup
	for _, u := range everyone {
		for number := range clients {
			c := &client{user: u, store: store, number: number, random: rand.New(rand.NewPCG(r.random.Uint64(), 0))}
			group.Go(func() {
				for n := 0; n < calls && !c.hadEnough(); n++ {
					c.act()
				}
			})
		}
	}
	group.Wait()
	net.release()
	_ = store.Close()
	_ = rdb.Close()
	return wait.Until(ctx, func() error { return r.idle(ctx, r.admin, r.prefix) })
}

func (r *round) store(rdb redis.UniversalClient) *sessionstore.Store {
	options := []sessionstore.Option{sessionstore.KeyPrefix(r.prefix), sessionstore.MaxSessions(maxSessions)}
	if r.batching {
		options = append(options, sessionstore.Batching())
	}
	return sessionstore.New(rdb, options...)
}

// lookBack looks at the user's sessions: each one that is listed must be alive and
// the other way round, and after the end of all there must be none.
func (u *user) lookBack(store *sessionstore.Store) {
	c := &client{user: u, store: store, random: rand.New(rand.NewPCG(0, 0))}
	visitAll := func() {
		for _, cookie := range u.cookies {
			c.do(func(c *client, ctx context.Context, made *call) { c.readWith(ctx, made, cookie) })
		}
	}
	c.do((*client).list)
	visitAll()
	c.do((*client).revokeAll)
	c.do((*client).list)
	visitAll()
}

// illness is what happens to how many of a thousand requests.
const (
	lost      = 20 // the reply is lost
	cut       = 20 // the connection ends in place of the request
	late      = 15 // the request arrives later, maybe after what was sent after it
	lateReply = 5
)

// illNetwork is a wire to each server, with faults.
type illNetwork struct {
	wires    map[string]*wire.Wire // by the address of the server
	released chan struct{}
	holds    sync.WaitGroup
}

func (r *round) illNetwork() (*illNetwork, error) {
	n := &illNetwork{wires: map[string]*wire.Wire{}, released: make(chan struct{})}
	for _, addr := range r.addrs {
		w, err := wire.Open(addr, 0)
		if err != nil {
			n.close()
			return nil, err
		}
		n.wires[addr] = w
		// More requests than a round sends.
		for number := range 10 * users * clients * calls {
			n.plan(w, number+1, r.random)
		}
	}
	return n, nil
}

func (n *illNetwork) plan(w *wire.Wire, number int, random *rand.Rand) {
	switch chance := random.IntN(1000); {
	case chance < lost:
		w.Lose(number)
	case chance < lost+cut:
		w.Cut(number)
	case chance < lost+cut+late:
		n.hold(w.Hold(number), random)
	case chance < lost+cut+late+lateReply:
		n.hold(w.HoldReply(number), random)
	}
}

// hold lets go of something after some time, within which clients give up, or at
// the end.
func (n *illNetwork) hold(held *wire.Held, random *rand.Rand) {
	delay := time.Duration(random.IntN(400)) * time.Millisecond
	n.holds.Go(func() {
		defer held.Release()
		select {
		case <-held.Arrived():
		case <-n.released:
			return
		}
		select {
		case <-time.After(delay):
		case <-n.released:
		}
	})
}

// release lets go of everything.
func (n *illNetwork) release() {
	close(n.released)
	n.holds.Wait()
}

func (n *illNetwork) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	var dialer net.Dialer
	return dialer.DialContext(ctx, network, n.wires[addr].Addr)
}

func (n *illNetwork) close() {
	for _, w := range n.wires {
		w.Close()
	}
}
