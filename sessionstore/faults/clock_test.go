package faults

import (
	"context"
	"crypto/rand"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/sessionstore"
	"example.com/session-workshop/sessionstore/faults/internal/visit"
)

// The clocks of web servers differ, so sessions use only the clock of Redis: a
// store writes the same times if its own clock is right, a day slow or a day fast.
// The clock differs only inside the synctest bubble; Redis is outside.
func TestStoreIgnoresTheClockOfTheWebServer(t *testing.T) {
	redistest.Each(t, func(t *testing.T, r *redistest.Redis) {
		t.Run("right", func(t *testing.T) { wantTimesOfRedis(t, r) })
		for name, off := range map[string]time.Duration{"a day slow": -24 * time.Hour, "a day fast": 24 * time.Hour} {
			right := time.Now()
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					// The bubble begins in the year 2000. To sleep in it takes no
					// time.
					time.Sleep(time.Until(right.Add(off)))
					if got := time.Since(right); got < off || got > off+time.Minute {
						t.Fatalf("the clock is %v off, want %v", got, off)
					}
					wantTimesOfRedis(t, r)
				})
			})
		}
	})
}

func wantTimesOfRedis(t *testing.T, r *redistest.Redis) {
	const idle, age = 40 * time.Minute, 3 * time.Hour
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	// The clients must be made inside the bubble.
	client, admin := connect(t, options(t, r.URL)), connect(t, options(t, r.URL))
	prefix := "sessiontest:" + rand.Text() + ":"
	store := newStoreOn(t, client, sessionstore.KeyPrefix(prefix), sessionstore.IdleTimeout(idle), sessionstore.MaxAge(age))
	defer func() { _ = store.RevokeAll(context.WithoutCancel(ctx), "aaa") }()

	b := &visit.Browser{Store: store}
	before := timeOf(t, ctx, admin)
	if err := b.Login(ctx, "aaa"); err != nil {
		t.Fatal(err)
	}
	after := timeOf(t, ctx, admin)
	v := b.Session()
	key, index := prefix+v.Handle(), prefix+"user:"+digest("aaa")
	check := func(what string, got int64, err error, add time.Duration) {
		t.Helper()
		// The embedded server is not exact. A second is little beside a day.
		low, high := before.Add(add-time.Second).UnixMilli(), after.Add(add+time.Second).UnixMilli()
		if err != nil || got < low || got > high {
			t.Errorf("%s is %d (%v), want %d to %d by the clock of Redis", what, got, err, low, high)
		}
	}
	created, err := admin.HGet(ctx, key, "@created").Int64()
	check("@created", created, err, 0)
	end, err := admin.HGet(ctx, key, "@end").Int64()
	check("@end", end, err, age)
	score, err := admin.ZScore(ctx, index, v.Handle()).Result()
	check("the score in the index", int64(score), err, age)
	expiry, err := admin.Do(ctx, "pexpiretime", index).Int64()
	check("the expiry of the index", expiry, err, age)
	expiry, err = admin.Do(ctx, "pexpiretime", key).Int64()
	check("the expiry of the session", expiry, err, idle)

	if err := admin.PExpire(ctx, key, time.Minute).Err(); err != nil {
		t.Fatal(err)
	}
	before = timeOf(t, ctx, admin)
	if err := v.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	after = timeOf(t, ctx, admin)
	expiry, err = admin.Do(ctx, "pexpiretime", key).Int64()
	check("the expiry after a visit", expiry, err, idle)
}

func timeOf(t *testing.T, ctx context.Context, r redis.UniversalClient) time.Time {
	t.Helper()
	now, err := r.Time(ctx).Result()
	if err != nil {
		t.Fatal(err)
	}
	return now
}
