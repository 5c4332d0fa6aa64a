package sessionstore

import "github.com/redis/go-redis/v9"

// An older go-redis does not compile with this line. What helps:
//
//	go get github.com/redis/go-redis/v9@latest
//
// Before 9.19 it ignores NoRetry, and sends an increment again whose reply was
// lost: it would count twice, in silence. Before 9.22 it has no pool of its own
// for pipelines, which the store takes into account.
var _ = needsGoRedis9_22OrLater{redis.Cmder.NoRetry, redis.Options{}.PipelinePoolSize}

type needsGoRedis9_22OrLater struct {
	noRetry          func(redis.Cmder) bool
	pipelinePoolSize int
}
