package redisconn

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/embedded"
	"example.com/session-workshop/shared/system"
)

// LocalAddr is where every tool looks for a Redis first, redis-cli too.
const LocalAddr = "127.0.0.1:6379"

// Server is the Redis that an app uses when nobody named one.
type Server struct {
	// Addr is host:port on loopback.
	Addr string
	// Embedded is nil where somebody else's Redis was found.
	Embedded *embedded.Redis
	// Note says why it is not on LocalAddr; empty where it is.
	Note string
}

// Local finds the Redis on addr, which is LocalAddr for an app, and starts
// an embedded one there if no server answers. If what answers cannot be used
// (another program, a Redis that asks for a password, a cluster), it starts one
// on a free port and says so in Note. It waits at most three seconds.
func Local(ctx context.Context, addr string) (Server, error) {
	for range 2 {
		found, err := ask(ctx, addr)
		if err != nil {
			return startElsewhere(addr, err.Error())
		}
		if found {
			return Server{Addr: addr}, nil
		}
		if started, err := embedded.Start(addr); err == nil {
			return Server{Addr: started.Addr(), Embedded: started}, nil
		}
		// Another step that started at the same moment was faster: ask it.
	}
	return startElsewhere(addr, "nobody answers there, but it cannot be listened on")
}

func startElsewhere(addr, reason string) (Server, error) {
	started, err := embedded.Start("127.0.0.1:0")
	if err != nil {
		return Server{}, err
	}
	return Server{Addr: started.Addr(), Embedded: started, Note: fmt.Sprintf("not on %s: %s", addr, reason)}, nil
}

// ask reports whether a Redis answers at addr. The error says why a server
// that answers cannot be used.
func ask(ctx context.Context, addr string) (found bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	client := redis.NewUniversalClient(tuned(&redis.UniversalOptions{Addrs: []string{addr}}))
	defer client.Close()
	if err := ping(ctx, client); err != nil {
		if Refused(err) {
			return false, nil
		}
		return false, whyNotOurs(err)
	}
	err = fit(ctx, client, config.Config{})
	return err == nil, err
}

// Refused reports whether an error means that no server listens at an address.
func Refused(err error) bool { return errors.Is(err, system.ConnectionRefused) }

func whyNotOurs(err error) error {
	switch {
	case redis.IsAuthError(err):
		return errors.New("the Redis there asks for a password; name it with REDIS_URL")
	case timedOut(err):
		return errors.New("what listens there does not answer")
	default:
		return errors.New("what answers there is not a Redis that we can use")
	}
}
