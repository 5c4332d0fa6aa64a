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

// A round has a few users with a few clients that make a few calls, so that porcupine
// can judge the history of a user quickly.
const (
	users       = 8
	clients     = 3 // of one user
	calls       = 8 // of one client
	maxSessions = 3
)

// round is one run of some users over a network with faults.
type round struct {
	service
	admin  redis.UniversalClient
	prefix string // of the keys; also the name of the client
	random *rand.Rand
	clock  atomic.Int64
	// retries says that the client library may send commands again.
	retries bool
}

// tick returns the next moment of the round's logical clock.
func (r *round) tick() int64 { return r.clock.Add(1) }

// play runs the round and returns the history of each user.
func (r *round) play(ctx context.Context) ([]*history, error) {
	everyone := make([]*user, users)
	for i := range everyone {
		everyone[i] = &user{round: r, name: fmt.Sprint("user ", i)}
	}
	if err := r.makeCalls(ctx, everyone); err != nil {
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
		h.checkLeft(left, r.cluster)
	}
	return histories, err
}

// makeCalls makes the calls over a faulty network. After it returns, no command can
// still arrive.
func (r *round) makeCalls(ctx context.Context, everyone []*user) error {
	net, err := r.faultyNetwork()
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

// lookBack reads the sessions of the user at the end, before and after RevokeAll:
// exactly the listed ones must be alive, and after RevokeAll none.
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

// The faults, and how many of a thousand requests get each.
const (
	lost      = 20 // the reply is lost
	cut       = 20 // the connection closes before the request
	late      = 15 // the request is late, perhaps after later ones
	lateReply = 5
)

// faultyNetwork has a wire with faults to each server.
type faultyNetwork struct {
	wires    map[string]*wire.Wire // by the address of the server
	released chan struct{}
	holds    sync.WaitGroup
}

func (r *round) faultyNetwork() (*faultyNetwork, error) {
	n := &faultyNetwork{wires: map[string]*wire.Wire{}, released: make(chan struct{})}
	for _, addr := range r.addrs {
		w, err := wire.Open(addr, 0)
		if err != nil {
			n.close()
			return nil, err
		}
		n.wires[addr] = w
		// A round sends fewer requests than this.
		for number := range 10 * users * clients * calls {
			n.plan(w, number+1, r.random)
		}
	}
	return n, nil
}

func (n *faultyNetwork) plan(w *wire.Wire, number int, random *rand.Rand) {
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

// hold releases what is held after a random delay, in which a client may give up, or
// at the end of the round.
func (n *faultyNetwork) hold(held *wire.Held, random *rand.Rand) {
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

// release releases all that is held.
func (n *faultyNetwork) release() {
	close(n.released)
	n.holds.Wait()
}

func (n *faultyNetwork) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	var dialer net.Dialer
	return dialer.DialContext(ctx, network, n.wires[addr].Addr)
}

func (n *faultyNetwork) close() {
	for _, w := range n.wires {
		w.Close()
	}
}
