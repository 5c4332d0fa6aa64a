package programs

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// Done is a program for an exercise: the right one, or one with a mistake.
type Done struct {
	Step     int
	Exercise string
	// Mistake is empty for the right program.
	Mistake string
	// Caught is the id of the exercise's check that catches the mistake.
	Caught string
	change func(p *Program)
}

// Program returns a new program with the change.
func (d Done) Program(client redis.UniversalClient, ttl time.Duration) *Program {
	p := Right(d.Step, client, ttl)
	if d.change != nil {
		d.change(p)
	}
	return p
}

// Exercises holds a right program and wrong ones for each exercise.
var Exercises = []Done{
	{Step: 1, Exercise: "visits-in-cookie", change: countInCookie},
	{
		Step: 1, Exercise: "visits-in-cookie", Mistake: "counted on the server",
		Caught: "old-cookie-old-count",
		change: func(p *Program) {
			counts := counter{}
			p.below = func(_ http.ResponseWriter, _ *http.Request, _, name string) string {
				return fmt.Sprint("Visits: ", counts.add(name))
			}
		},
	},
	{Step: 1, Exercise: "unsigned", change: mistake("a cookie without a signature")},
	{Step: 1, Exercise: "unsigned", Mistake: "other words too", Caught: "lesson-holds", change: func(p *Program) {
		mistake("a cookie without a signature")(p)
		p.loggedOut = "Please log in"
	}},
	{Step: 1, Exercise: "login-ends", change: loginEnds(5 * time.Second)},
	{
		Step: 1, Exercise: "login-ends", Mistake: "an age that only the browser knows",
		Caught: "copy-ends",
		change: func(p *Program) { p.cookieAge = 5 },
	},
	{Step: 1, Exercise: "login-ends", Mistake: "a login that ends at once", Caught: "copy-ends", change: loginEnds(0)},
	{Step: 2, Exercise: "last-visit", change: lastVisit(true)},
	{
		Step: 2, Exercise: "last-visit", Mistake: "this visit shown, not the last",
		Caught: "last-visit-shown", change: lastVisit(false),
	},
	{
		Step: 2, Exercise: "last-visit", Mistake: "a second round trip",
		Caught: "one-round-trip",
		change: func(p *Program) {
			p.below = func(_ http.ResponseWriter, r *http.Request, _, name string) string {
				last := p.Redis.HGet(r.Context(), p.userKey(name), "last_visit").Val()
				p.Redis.HSet(r.Context(), p.userKey(name), "last_visit", time.Now().String())
				return "Last visit: " + last
			}
		},
	},
	{Step: 2, Exercise: "lost-update", change: mistake("read, add, write back")},
	{Step: 2, Exercise: "lost-update", Mistake: "the key deleted at logout too", Caught: "lesson-holds", change: func(p *Program) {
		mistake("read, add, write back")(p)
		mistake("the key deleted at logout")(p)
	}},
	{Step: 2, Exercise: "place", change: place(func(p *Program, place int64) int64 { return place })},
	{
		Step: 2, Exercise: "place", Mistake: "always the first",
		Caught: "place-shown",
		change: place(func(*Program, int64) int64 { return 1 }),
	},
	{
		Step: 2, Exercise: "place", Mistake: "a second round trip", Caught: "one-round-trip",
		change: place(func(p *Program, place int64) int64 {
			p.Redis.Ping(context.Background())
			return place
		}),
	},
	{Step: 3, Exercise: "expire-first", change: mistake("EXPIRE before HINCRBY")},
	{Step: 3, Exercise: "expire-first", Mistake: "no EXPIRE at all", Caught: "lesson-holds", change: mistake("no EXPIRE")},
	{Step: 3, Exercise: "ttl-per-user", change: ttlBy(func(name string) time.Duration {
		if strings.HasPrefix(name, "vip-") {
			return 3
		}
		return 1
	})},
	{
		Step: 3, Exercise: "ttl-per-user", Mistake: "long for every name",
		Caught: "vip-ttl",
		change: ttlBy(func(string) time.Duration { return 3 }),
	},
	{Step: 3, Exercise: "time-left", change: timeLeft(true)},
	{
		Step: 3, Exercise: "time-left", Mistake: "asked after EXPIRE",
		Caught: "time-left-shown", change: timeLeft(false),
	},
	{Step: 4, Exercise: "plain-token", change: mistake("the token itself in Redis")},
	{Step: 4, Exercise: "plain-token", Mistake: "a logout that leaves the session alive too", Caught: "lesson-holds", change: func(p *Program) {
		mistake("the token itself in Redis")(p)
		mistake("a logout that leaves the session alive")(p)
	}},
	{Step: 4, Exercise: "log-out-everywhere", change: logOutEverywhere(func(p *Program, name string) string { return p.userKey(name) })},
	{
		Step: 4, Exercise: "log-out-everywhere", Mistake: "only this browser",
		Caught: "all-logged-out",
		change: func(p *Program) {
			p.also = map[string]http.HandlerFunc{"POST /logout-everywhere": func(w http.ResponseWriter, r *http.Request) {
				cookie, _ := r.Cookie(cookieName)
				_ = p.logOut(r.Context(), cookie.Value)
				http.Redirect(w, r, "/", http.StatusSeeOther)
			}}
		},
	},
	{
		Step: 4, Exercise: "log-out-everywhere", Mistake: "one list for all names", Caught: "others-stay",
		change: logOutEverywhere(func(p *Program, _ string) string { return p.Prefix + "all-names" }),
	},
	{
		Step: 4, Exercise: "log-out-everywhere", Mistake: "a list that stays for ever", Caught: "index-ends",
		change: func(p *Program) {
			name := func(p *Program, name string) string { return p.userKey(name) }
			logOutEverywhere(name)(p)
			newSession := p.logIn
			p.logIn = func(r *http.Request, user string) (string, error) {
				defer p.Redis.Persist(r.Context(), name(p, user))
				return newSession(r, user)
			}
		},
	},
	{Step: 4, Exercise: "devices", change: devices(true)},
	{
		Step: 4, Exercise: "devices", Mistake: "expired sessions counted too",
		Caught: "sessions-shown", change: devices(false),
	},
}

// mistake returns a change of Wrongs by its name, for an exercise that asks for
// the mistake.
func mistake(name string) func(p *Program) {
	i := slices.IndexFunc(Wrongs, func(w Wrong) bool { return w.Mistake == name })
	return Wrongs[i].spoil
}

func loginEnds(after time.Duration) func(p *Program) {
	return func(p *Program) {
		p.logIn = func(_ *http.Request, name string) (string, error) {
			return sign(name + "|" + time.Now().Format(time.RFC3339Nano)), nil
		}
		p.who = func(_ context.Context, cookie string) (string, error) {
			name, made, _ := strings.Cut(verify(cookie), "|")
			at, err := time.Parse(time.RFC3339Nano, made)
			if err != nil || time.Since(at) > after {
				return "", nil
			}
			return name, nil
		}
	}
}

func countInCookie(p *Program) {
	read := func(cookie string) (name string, n int) {
		name, number, _ := strings.Cut(verify(cookie), "|")
		n, _ = strconv.Atoi(number)
		return name, n
	}
	p.logIn = func(_ *http.Request, name string) (string, error) { return sign(name + "|0"), nil }
	p.who = func(_ context.Context, cookie string) (string, error) {
		name, _ := read(cookie)
		return name, nil
	}
	p.below = func(w http.ResponseWriter, _ *http.Request, cookie, name string) string {
		_, n := read(cookie)
		http.SetCookie(w, &http.Cookie{Name: cookieName, Value: sign(fmt.Sprintf("%s|%d", name, n+1)), Path: "/"})
		return fmt.Sprint("Visits: ", n+1)
	}
}

// counted makes each visit send the commands of collect in one round trip. It
// keeps what text makes of the replies, for the page. (The checks of that page
// visit under one name from one browser.)
func (p *Program) counted(collect func(ctx context.Context, multi redis.Pipeliner, name string) (visits *redis.IntCmd, text func() string)) *texts {
	var read texts
	p.countBy(func(ctx context.Context, name string) (int64, error) {
		multi := p.Redis.TxPipeline()
		visits, text := collect(ctx, multi, name)
		// If one reply has no value, Exec returns redis.Nil.
		_, _ = multi.Exec(ctx)
		read.Store(name, text())
		return visits.Result()
	})
	return &read
}

// texts holds what the last visit of each name read.
type texts struct{ sync.Map }

func (t *texts) get(name string) string {
	text, _ := t.Load(name)
	return text.(string)
}

func lastVisit(before bool) func(p *Program) {
	return func(p *Program) {
		last := p.counted(func(ctx context.Context, multi redis.Pipeliner, name string) (*redis.IntCmd, func() string) {
			now := time.Now().Format(time.RFC3339Nano)
			read := multi.HGet(ctx, p.userKey(name), "last_visit")
			multi.HSet(ctx, p.userKey(name), "last_visit", now)
			return multi.HIncrBy(ctx, p.userKey(name), "visits", 1), func() string {
				if before {
					return read.Val()
				}
				return now
			}
		})
		p.below = func(_ http.ResponseWriter, _ *http.Request, _, name string) string {
			return "Last visit: " + last.get(name)
		}
	}
}

func place(shown func(p *Program, place int64) int64) func(p *Program) {
	return func(p *Program) {
		rank := p.counted(func(ctx context.Context, multi redis.Pipeliner, name string) (*redis.IntCmd, func() string) {
			multi.ZIncrBy(ctx, p.Prefix+"places", 1, name)
			at := multi.ZRevRank(ctx, p.Prefix+"places", name)
			visits := multi.HIncrBy(ctx, p.userKey(name), "visits", 1)
			return visits, func() string { return fmt.Sprint(shown(p, at.Val()+1)) }
		})
		p.below = func(_ http.ResponseWriter, _ *http.Request, _, name string) string {
			return "Your place: " + rank.get(name)
		}
	}
}

func ttlBy(factor func(name string) time.Duration) func(p *Program) {
	return func(p *Program) {
		p.counted(func(ctx context.Context, multi redis.Pipeliner, name string) (*redis.IntCmd, func() string) {
			visits := multi.HIncrBy(ctx, p.userKey(name), "visits", 1)
			multi.PExpire(ctx, p.userKey(name), factor(name)*p.ttl)
			return visits, func() string { return "" }
		})
	}
}

func timeLeft(before bool) func(p *Program) {
	return func(p *Program) {
		left := p.counted(func(ctx context.Context, multi redis.Pipeliner, name string) (*redis.IntCmd, func() string) {
			key := p.userKey(name)
			read := multi.PTTL(ctx, key)
			visits := multi.HIncrBy(ctx, key, "visits", 1)
			multi.PExpire(ctx, key, p.ttl)
			if !before {
				read = multi.PTTL(ctx, key)
			}
			return visits, func() string { return fmt.Sprint(max(0, read.Val().Milliseconds())) }
		})
		p.below = func(_ http.ResponseWriter, _ *http.Request, _, name string) string {
			return "Time left: " + left.get(name) + " ms"
		}
	}
}

// indexed makes each login keep the keys of a user's sessions in a set.
func (p *Program) indexed(index func(p *Program, name string) string) {
	newSession := p.logIn
	p.logIn = func(r *http.Request, name string) (string, error) {
		token, err := newSession(r, name)
		if err == nil {
			err = p.Redis.SAdd(r.Context(), index(p, name), p.sessionKey(token)).Err()
			p.Redis.Expire(r.Context(), index(p, name), time.Hour)
		}
		return token, err
	}
}

func logOutEverywhere(index func(p *Program, name string) string) func(p *Program) {
	return func(p *Program) {
		p.indexed(index)
		p.also = map[string]http.HandlerFunc{"POST /logout-everywhere": func(w http.ResponseWriter, r *http.Request) {
			cookie, _ := r.Cookie(cookieName)
			name, _ := p.who(r.Context(), cookie.Value)
			keys := p.Redis.SMembers(r.Context(), index(p, name)).Val()
			p.Redis.Del(r.Context(), append(keys, index(p, name))...)
			http.Redirect(w, r, "/", http.StatusSeeOther)
		}}
	}
}

func devices(alive bool) func(p *Program) {
	return func(p *Program) {
		p.indexed(func(p *Program, name string) string { return p.userKey(name) })
		logOut := p.logOut
		p.logOut = func(ctx context.Context, cookie string) error {
			name, _ := p.who(ctx, cookie)
			p.Redis.SRem(ctx, p.userKey(name), p.sessionKey(cookie))
			return logOut(ctx, cookie)
		}
		p.below = func(_ http.ResponseWriter, r *http.Request, _, name string) string {
			keys := p.Redis.SMembers(r.Context(), p.userKey(name)).Val()
			n := int64(len(keys))
			if alive {
				n = p.Redis.Exists(r.Context(), keys...).Val()
			}
			return fmt.Sprint("Sessions: ", n)
		}
	}
}
