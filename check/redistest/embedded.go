package redistest

import embeddedredis "example.com/session-workshop/shared/embedded"

func startEmbedded() (string, error) {
	started, err := embeddedredis.Start("127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return "redis://" + started.Addr(), nil
}
