package sessionstore

import "github.com/redis/go-redis/v9"

// Older versions of go-redis ignore NoRetry, and send an increment again whose
// reply was lost: it would count twice, in silence. They also have no such
// method, so this line does not compile with them. What helps:
//
//	go get github.com/redis/go-redis/v9@latest
var _ = needsGoRedis9_19OrLater(redis.Cmder.NoRetry)

type needsGoRedis9_19OrLater func(redis.Cmder) bool
