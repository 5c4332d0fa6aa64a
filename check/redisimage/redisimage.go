// Package redisimage names the container images of Redis. It imports nothing,
// so that the doctor can use it on a machine that has fetched no module.
package redisimage

const (
	// Official is the image that the tests run on.
	Official = "redis:8-alpine"
	// Local is the image that `make redis-image` makes, for machines that cannot
	// pull one.
	Local = "session-workshop-redis"
)
