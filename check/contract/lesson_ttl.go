package contract

import (
	"time"

	"example.com/session-workshop/shared/lang"
)

// lifetimes are the rules about the TTL of keys in Redis.
var lifetimes = []rule{
	{
		id:    "login-ttl",
		name:  lang.T("login gives the session a TTL", ""),
		steps: onlyFour,
		hints: []lang.Text{
			lang.T("PTTL says -1: the session has no TTL. A user who logs in and never comes back would leave it in Redis for ever. Send EXPIRE together with the HSET of the login. If PTTL is higher than expected, the time is written in the code: use the TTL that the app was started with.", ""),
			lang.T("HSet and PExpire go together in TxPipelined, in this order, with s.ttl.", ""),
			lang.T("multi.HSet(ctx, s.Key(t), …); multi.PExpire(ctx, s.Key(t), s.ttl)", ""),
		},
		where: inCreate,
		run: func(s *scene) {
			s.browser().login(s.user)
			s.expectTTL(s.key())
		},
	},
	{
		id:    "ttl-set",
		name:  lang.T("the first visit gives the key a TTL", ""),
		steps: expiring,
		hints: []lang.Text{
			lang.T("If PTTL says -1, the key has no TTL. Is EXPIRE sent, and is it sent after HINCRBY? EXPIRE does nothing to a key that is not there yet, so with EXPIRE first the key of a first visit lives for ever. If PTTL is higher than expected, the time is written in the code: use the TTL that the app was started with.", ""),
			lang.T("TxPipelined sends several commands together, in your order: first HIncrBy, then Expire with the TTL from cfg.SessionTTL.", ""),
			lang.T(`a.rdb.TxPipelined(ctx, func(multi redis.Pipeliner) error { visits = multi.HIncrBy(ctx, key, "visits", 1); multi.Expire(ctx, key, a.ttl); return nil })`, ""),
		},
		where: inIndex,
		inFour: place{
			where: inVisit,
			hints: []lang.Text{
				lang.T("The script sends PEXPIRE after HINCRBY, with s.ttl in milliseconds.", ""),
				lang.T("redis.call('PEXPIRE', KEYS[1], ARGV[1])", ""),
			},
		},
		run: func(s *scene) {
			s.visited(1)
			s.expectTTL(s.key())
		},
	},
	{
		id:    "ttl-refilled",
		name:  lang.T("every visit resets the TTL to the full time", ""),
		steps: expiring,
		hints: []lang.Text{
			lang.T("The TTL slides: every visit sends EXPIRE, not only the first one. Is there an if around EXPIRE, or its option NX?", ""),
			lang.T("Call multi.Expire beside multi.HIncrBy, without any condition. ExpireNX sets a TTL only if there is none.", ""),
			lang.T(`visits = multi.HIncrBy(ctx, key, "visits", 1); multi.Expire(ctx, key, a.ttl)`, ""),
		},
		where: inIndex,
		inFour: place{
			where: inVisit,
			hints: []lang.Text{
				lang.T("The script sends PEXPIRE in each visit, without the option NX.", ""),
				lang.T("redis.call('PEXPIRE', KEYS[1], ARGV[1])", ""),
			},
		},
		run: func(s *scene) {
			b := s.visited(1)
			key := s.key()
			s.shorten(key)
			since := time.Now()
			b.expectVisits(2)
			s.expectFull(key, since)
		},
	},
	{
		id:    "ttl-left-alone",
		name:  lang.T("other requests leave the TTL alone", ""),
		steps: expiring,
		hints: []lang.Text{
			lang.T("Only a visit to / resets the TTL. Is EXPIRE sent in a middleware, which runs for every page?", ""),
			lang.T("Call Expire only in index: not in e.Use(…), not in loginForm, not in login.", ""),
			lang.T("multi.Expire(ctx, key, a.ttl), only inside index", ""),
		},
		where: inIndex,
		inFour: place{
			where: inIndex,
			hints: []lang.Text{
				lang.T("Only Visit sends PEXPIRE, and only index calls Visit.", ""),
				lang.T("no a.store.Visit(…) in a middleware, in loginForm or in the panel's Key", ""),
			},
		},
		run: func(s *scene) {
			b := s.visited(1)
			key := s.key()
			short := s.shorten(key)
			b.otherRequests()
			left := s.ttl(key)
			s.expect(left != forever && left <= short,
				lang.T("the TTL of %s to stay at or below %s", "", key, short), ttlText(key, left))
		},
	},
	{
		id:    "key-gone",
		name:  lang.T("when the key is gone you are still logged in, and Visits is 1", ""),
		steps: onlyThree,
		hints: []lang.Text{
			lang.T("In this step the login is in the cookie and the count is in Redis. When the count has expired, HINCRBY starts again at 1; the user stays logged in.", ""),
			lang.T("The cookie says who is logged in: username(c). Do not ask Redis with EXISTS whether the visitor is logged in.", ""),
			lang.T(`key := userKey(c); if key == "" { … not logged in … }; every other visitor gets HIncrBy`, ""),
		},
		where: inIndex,
		run: func(s *scene) {
			b := s.visited(2)
			s.expire(s.key())
			b.expectVisits(1)
		},
	},
	{
		id:    "session-gone",
		name:  lang.T("an ended session logs you out; a new login starts at 1", ""),
		steps: onlyFour,
		hints: []lang.Text{
			lang.T(`The session in Redis is the login. A visit whose session is not there says "You are not logged in". It must not make the session again: does HINCRBY run without checking that the key exists?`, ""),
			lang.T("Visit returns ErrNone if EXISTS answers 0, and index then shows the page for visitors without a login. Nothing is kept in Go.", ""),
			lang.T(`if errors.Is(err, session.ErrNone) { return c.Render(http.StatusOK, "index", page{}) }`, ""),
		},
		where: inVisit,
		run: func(s *scene) {
			b := s.visited(2)
			key := s.key()
			s.expire(key)
			b.expectLoggedOut()
			s.expect(!s.exists(key), lang.T("no visit to bring back %s after its end", "", key), lang.T("the key is there again", ""))
			b.login(s.user)
			b.expectVisits(1)
		},
	},
}

// wholeLives are the checks that wait a whole TTL, the last of their step.
var wholeLives = []rule{
	{
		id:    "count-expires",
		name:  lang.T("after a whole TTL without a visit, Visits starts at 1", ""),
		steps: onlyThree,
		waits: true,
		hints: []lang.Text{
			lang.T("The check waited for the real end of the TTL that the app was started with. Look at it yourself: redis-cli ttl KEY. Is the number of seconds right, and is EXPIRE sent after HINCRBY?", ""),
			lang.T("The TTL is cfg.SessionTTL, a time.Duration: Expire takes it as it is. PExpire counts in milliseconds and takes a Duration too.", ""),
			lang.T(`e.GET("/", app{conn.Client, cfg.SessionTTL}.index) … multi.Expire(ctx, key, a.ttl)`, ""),
		},
		where: "main.go, func index, func run",
		run: func(s *scene) {
			b := s.browser()
			s.outlive(b)
			b.expectVisits(1)
		},
	},
	{
		id:    "session-expires",
		name:  lang.T("after a whole TTL without a visit, you are logged out", ""),
		steps: onlyFour,
		waits: true,
		hints: []lang.Text{
			lang.T("The check waited for the real end of the TTL that the app was started with. Look at it yourself: redis-cli ttl KEY. Is the number of seconds right?", ""),
			lang.T("PEXPIRE in the script takes milliseconds: s.ttl.Milliseconds() as an argument, ARGV[1] in the script.", ""),
			lang.T("visit.Run(ctx, s.rdb, []string{s.Key(t)}, s.ttl.Milliseconds()) … redis.call('PEXPIRE', KEYS[1], ARGV[1])", ""),
		},
		where: "session/store.go, func Create, func Visit",
		run: func(s *scene) {
			b := s.browser()
			s.outlive(b)
			b.expectLoggedOut()
			b.login(s.user)
			b.expectVisits(1)
		},
	},
}

// outlive visits twice and then waits until the key has expired.
func (s *scene) outlive(b *browser) {
	b.login(s.user)
	b.expectVisits(1)
	since := time.Now()
	b.expectVisits(2)
	key := s.key()
	s.awaitGone(key, s.target.TTL+3*time.Second)
	lasted := time.Since(since)
	s.expect(lasted > s.target.TTL*8/10, lang.T("the key %s to last %s after a visit", "", key, s.target.TTL),
		lang.T("it was gone after %s", "", lasted.Round(100*time.Millisecond)))
}
