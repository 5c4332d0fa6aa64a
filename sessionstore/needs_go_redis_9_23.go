package sessionstore

import "github.com/redis/go-redis/v9"

// An older go-redis does not compile with this line. What helps:
//
//	go get github.com/redis/go-redis/v9@latest
//
// Before 9.19 it ignores NoRetry, and sends an increment again whose reply was
// lost: it would count twice, in silence. Before 9.23 it has no full duplex, which
// Batching uses.
var _ = needsGoRedis9_23OrLater{redis.Cmder.NoRetry, redis.AutoPipelineOptions{}.FullDuplexWindow}

type needsGoRedis9_23OrLater struct {
	noRetry          func(redis.Cmder) bool
	fullDuplexWindow int
}
