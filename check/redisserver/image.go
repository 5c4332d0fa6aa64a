package redisserver

const (
	// Image is the image of Redis that we know and test with.
	Image = "redis:8-alpine"
	// LocalImage is made by `make redis-image`, where nothing can be pulled.
	LocalImage = "session-workshop-redis"
)
