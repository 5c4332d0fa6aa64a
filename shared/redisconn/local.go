package redisconn

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/embedded"
	"example.com/session-workshop/shared/system"
)

// LocalAddr is the usual address of a Redis: every tool looks there first, redis-cli
// too.
const LocalAddr = "127.0.0.1:6379"

// Server is the Redis that an app uses without REDIS_URL.
type Server struct {
	// Addr is host:port on loopback.
	Addr string
	// Embedded is nil if another process serves Addr.
	Embedded *embedded.Redis
	// Note says why Addr is not the address that Local was given, if so.
	Note string
}

// About says in two lines which Redis this is and how to look inside it.
func (s Server) About() string {
	look := "Look inside: redis-cli"
	if _, port, _ := net.SplitHostPort(s.Addr); s.Addr != LocalAddr {
		look += " -p " + port
	}
	switch {
	case s.Embedded == nil:
		return "Redis: found on " + s.Addr + "\n" + look
	case s.Note != "":
		return "Redis: embedded in this app on " + s.Addr + ", gone when you stop it (" + s.Note + ")\n" + look
	default:
		return "Redis: embedded in this app, gone when you stop it. To keep it: " + toKeep(s.Addr) + "\n" + look
	}
}

// toKeep is the command that starts a Redis on addr which outlives the app.
func toKeep(addr string) string {
	if _, port, _ := net.SplitHostPort(addr); addr != LocalAddr {
		return `make redis ARGS="-port ` + port + `"`
	}
	return "make redis"
}

// Local finds the Redis on addr (for an app LocalAddr), or starts an embedded one
// there if no server answers. If the server that answers is of no use (another
// program, a Redis with a password, a cluster), Local starts one on a free port and
// says why in Note. It waits at most three seconds.
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
		// Another app has started its own in the meantime: use that.
	}
	return startElsewhere(addr, "nothing answers there, but the system does not let this app listen there")
}

func startElsewhere(addr, reason string) (Server, error) {
	started, err := embedded.Start("127.0.0.1:0")
	if err != nil {
		return Server{}, err
	}
	return Server{Addr: started.Addr(), Embedded: started, Note: fmt.Sprintf("not on %s: %s", addr, reason)}, nil
}

// ask reports whether a Redis answers at addr. The error says why the server there is
// of no use.
func ask(ctx context.Context, addr string) (found bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	client := redis.NewUniversalClient(tuned(&redis.UniversalOptions{Addrs: []string{addr}}))
	defer client.Close()
	switch err := ping(ctx, client); {
	case err == nil:
		err = fit(ctx, client, config.Config{})
		return err == nil, err
	case Refused(err):
		return false, nil
	case redis.IsAuthError(err):
		return false, errors.New("the Redis there asks for a password; name it with REDIS_URL")
	case timedOut(err):
		return false, errors.New("the program that listens there does not answer")
	default:
		return false, errors.New("the program that answers there is not a Redis that this app can use")
	}
}

// Refused reports whether an error means that no server listens at an address.
func Refused(err error) bool { return errors.Is(err, system.ConnectionRefused) }
