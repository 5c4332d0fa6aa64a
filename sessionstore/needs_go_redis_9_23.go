package sessionstore

import "github.com/redis/go-redis/v9"

// This line does not compile with an older go-redis. To upgrade:
//
//	go get github.com/redis/go-redis/v9@latest
//
// Before 9.19, go-redis ignores NoRetry: it sends an increment again if the reply is
// lost, which then counts twice without an error. Before 9.23 it has no full duplex,
// which Batching uses.
var _ = needsGoRedis9_23OrLater{redis.Cmder.NoRetry, redis.AutoPipelineOptions{}.FullDuplexWindow}

type needsGoRedis9_23OrLater struct {
	noRetry          func(redis.Cmder) bool
	fullDuplexWindow int
}
