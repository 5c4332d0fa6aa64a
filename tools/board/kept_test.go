package board_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"example.com/session-workshop/check/redistest"
)

// neverForgets is what TTL answers for a key without one.
const neverForgets = time.Duration(-1)

func TestTheRoomIsKeptUntilTheTeacherStartsOver(t *testing.T) {
	r := redistest.StartServer(t)
	// An earlier version kept a room for a day.
	r.Client.HSet(t.Context(), roomKey, "Grace", "seen=1764076800000 last=1 1=1/21")
	r.Client.Expire(t.Context(), roomKey, time.Hour)
	b := start(t, r.URL)
	b.said(`The board still has a class: (1) names, last report on ` + time.UnixMilli(1764076800000).Format(time.DateOnly) + `\.`)
	kept := func(when string) {
		t.Helper()
		for _, key := range []string{roomKey, settingsKey} {
			if ttl := r.Client.TTL(t.Context(), key).Val(); ttl != neverForgets {
				t.Errorf("%s: the TTL of %s is %v", when, key, ttl)
			}
		}
	}
	kept("after the start")
	b.mustNote("Ada", 1, 1, 21)
	kept("after a report")
	v := b.visitor()
	b.logIn(v)
	want(t, v.Post("/teacher/start-over", nil), http.StatusOK, "No learner has reported yet.")
	if n := r.Client.Exists(t.Context(), roomKey).Val(); n != 0 {
		t.Error("Redis has a room after the teacher has started over")
	}
	if again := start(t, r.URL); strings.Contains(again.Output(), "still has a class") {
		t.Errorf("the board announces a class:\n%s", again.Output())
	}
}

func TestATeachersCodeOfAnEarlierDayIsForgotten(t *testing.T) {
	r := redistest.StartServer(t)
	first := start(t, r.URL)
	enter := func() int {
		return start(t, r.URL).visitor().Post("/teacher", url.Values{"code": {first.teacher}}).Status
	}
	if status := enter(); status != http.StatusOK {
		t.Fatalf("the code of a minute ago: status %d", status)
	}
	fields := r.Client.HGetAll(t.Context(), settingsKey).Val()
	for field := range fields {
		if strings.HasPrefix(field, "teacher:") {
			r.Client.HSet(t.Context(), settingsKey, field, time.Now().Add(-25*time.Hour).UnixMilli())
		}
	}
	// The board that still runs accepts its own code, and no earlier one.
	first.logIn(first.visitor())
	if status := enter(); status != http.StatusForbidden {
		t.Errorf("the code of yesterday: status %d", status)
	}
	if now := r.Client.HLen(t.Context(), settingsKey).Val(); now != 2 {
		t.Errorf("Redis has the settings %v", r.Client.HGetAll(t.Context(), settingsKey).Val())
	}
}
