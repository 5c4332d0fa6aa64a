package redisconn

import "context"

// LocalAt is Local for another address than the one on which a learner's own
// Redis may be.
func LocalAt(ctx context.Context, addr string) (Server, error) { return local(ctx, addr) }

// OpenLocalAt is Open without REDIS_URL, for another address than the usual.
func OpenLocalAt(ctx context.Context, addr string) (*Conn, error) { return openLocal(ctx, addr) }

// About is what the terminal shows of a Server.
func (s Server) About() string { return s.about() }
