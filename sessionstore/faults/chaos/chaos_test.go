package main

import (
	"testing"

	"github.com/redis/go-redis/v9/logging"

	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/testall"
)

// These tests cause on purpose what go-redis would log.
func init() { logging.Disable() }

func TestAFewLoginsOnOneServer(t *testing.T) {
	survives(t, service{addrs: []string{redistest.StartServer(t).Addr}}, 300)
}

func TestLoginsOnOneServer(t *testing.T) {
	testall.Only(t)
	survives(t, service{addrs: []string{redistest.StartServer(t).Addr}}, 5000)
}

func TestLoginsWithBatching(t *testing.T) {
	testall.Only(t)
	survives(t, service{addrs: []string{redistest.StartServer(t).Addr}, batching: true}, 1000)
}

func TestLoginsOnACluster(t *testing.T) {
	testall.Only(t)
	survives(t, service{addrs: redistest.StartCluster(t, masters, 0).Addrs, cluster: true}, 1000)
}

// survives runs the suite. A violation fails the test.
func survives(t *testing.T, redis service, logins int64) {
	t.Helper()
	s := &suite{service: redis, logins: logins, seed: 1, out: t.ArtifactDir(),
		report: func(text string) { t.Error(text) }, progress: func(text string) { t.Log(text) }}
	total, err := s.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Log(total)
	if total.unanswered.Load() == 0 {
		t.Error("every call was answered, so no fault happened and this test proves nothing")
	}
}
