// Package redisimage names the container images of Redis. It imports nothing,
// so that the doctor can use it on a machine that has fetched no module.
package redisimage

const (
	// Official is the image that the tests run on.
	Official = "redis:8-alpine"
	// Local is made by `make redis-image`, for machines that can pull no image.
	Local = "session-workshop-redis"
)
