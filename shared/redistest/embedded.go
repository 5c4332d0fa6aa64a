package redistest

import "example.com/session-workshop/shared/redisconn"

func startEmbedded() (string, error) {
	started, err := redisconn.StartEmbedded("127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return "redis://" + started.Addr(), nil
}
