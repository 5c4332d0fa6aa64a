package contract

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// lesson is what the steps teach, in the order in which a learner gets it to
// work.
var lesson = []rule{
	{
		steps: every,
		name:  "without a login, / says You are not logged in",
		hint:  "Is the app running at this address? Then look at the handler of GET /: for a browser without a login it writes exactly \"You are not logged in\".",
		run:   func(s *scene) { s.browser().expectLoggedOut() },
	},
	{
		steps: every,
		name:  "/login shows a form with a field username",
		hint:  "GET /login answers with a form whose method is post and whose text field is named username.",
		run:   loginForm,
	},
	{
		steps: every,
		name:  "after login the browser is sent back to /",
		hint:  "POST /login reads the form field username, remembers it, and answers with a redirect (status 303) to /.",
		run: func(s *scene) {
			s.expectToRoot(s.browser().login(s.user))
		},
	},
	{
		steps: every,
		name:  "after login the page says Logged in as and your name",
		hint:  "Does POST /login send a Set-Cookie header, with Path=/? And does GET / read the login from that cookie?",
		run: func(s *scene) {
			b := s.browser()
			b.login(s.user)
			b.expectLoggedIn(s.user)
		},
	},
	{
		steps: counting,
		name:  "the first visit says Visits: 1",
		hint:  "HINCRBY adds one and returns the new number. Show that number on the page. The login itself is not a visit.",
		run:   firstVisit,
	},
	{
		steps: counting,
		name:  "every visit adds one",
		hint:  "Each GET / of a logged-in browser adds exactly one. Is the count reset by a visit, or is the counting code called twice?",
		run: func(s *scene) {
			b := s.browser()
			b.login(s.user)
			for n := range 5 {
				b.expectVisits(n + 1)
			}
		},
	},
	{
		steps: byName,
		name:  "Redis holds the count",
		hint:  "The count belongs in a Redis hash: the user name is part of the key, the field is visits. Does the app use the same Redis, and the same database number, as the check?",
		run: func(s *scene) {
			b := s.browser()
			b.login(s.user)
			b.expectVisits(1)
			b.expectVisits(2)
			s.expectCount(s.key(), 2)
		},
	},
	{
		steps: onlyFour,
		name:  "the login lives in Redis",
		hint:  "Login makes a new hash in Redis and puts the user name into a field of it. Does the app use the same Redis, and the same database number, as the check?",
		run: func(s *scene) {
			s.browser().login(s.user)
			s.key()
		},
	},
	{
		steps: onlyFour,
		name:  "the count is in the hash of the login",
		hint:  "The session is one hash: the user name and the field visits stand side by side in it, so that they end together.",
		run: func(s *scene) {
			b := s.browser()
			b.login(s.user)
			b.expectVisits(1)
			b.expectVisits(2)
			s.expectCount(s.key(), 2)
		},
	},
	{
		steps: counting,
		name:  "the page shows the number that is in Redis",
		hint:  "The check wrote 41 into Redis, so the next visit is number 42. If the page goes on with a number of its own, there is a counter in the app's memory: it is gone after a restart, and a second server has another. Show what HINCRBY returns.",
		run: func(s *scene) {
			b := s.browser()
			b.login(s.user)
			b.expectVisits(1)
			s.setCount(s.key(), "41")
			b.expectVisits(42)
		},
	},
	{
		steps: every,
		name:  "a second browser is not logged in",
		hint:  "One browser logged in, and another one counted as logged in too. The name must not be kept in a variable of the server: only the cookie says which browser asks.",
		run: func(s *scene) {
			b := s.browser()
			b.login(s.user)
			s.browser().expectLoggedOut()
			b.expectLoggedIn(s.user)
		},
	},
	{
		steps: every,
		name:  apart,
		hint:  "Each browser must see its own name, and its own count. Is something kept in a variable that all requests share, or is the user name missing in the Redis key?",
		run:   twoNames,
	},
	{
		steps: every,
		name:  "a login under another name replaces the first",
		hint:  "POST /login of a browser that is logged in must set the cookie anew, with the new name.",
		run: func(s *scene) {
			b := s.browser()
			b.login(s.user + "-first")
			b.login(s.user + "-second")
			b.expectLoggedIn(s.user + "-second")
		},
	},
	{
		steps: counting,
		name:  "only a visit of / counts",
		hint:  "Pages other than / must not add to the count. Is the counting code in a middleware, which runs for every page? It belongs in the handler of GET /.",
		run: func(s *scene) {
			b := s.browser()
			b.login(s.user)
			b.expectVisits(1)
			b.otherRequests()
			b.expectVisits(2)
		},
	},
	{
		steps: byName,
		name:  "two browsers with one name share one count",
		hint:  "In this step the key is made of the user name alone. Both browsers have the same name, so both add to the same hash.",
		run: func(s *scene) {
			one, two := s.browser(), s.browser()
			one.login(s.user)
			one.expectVisits(1)
			two.login(s.user)
			two.expectVisits(2)
			one.expectVisits(3)
		},
	},
	{
		steps: onlyFour,
		name:  "two browsers with one name are two sessions",
		hint:  "Each login starts a session of its own, with a key of its own in Redis. Is the key made of the user name? Make it from the random token of this login.",
		run: func(s *scene) {
			one, two := s.browser(), s.browser()
			one.login(s.user)
			one.expectVisits(1)
			one.expectVisits(2)
			two.login(s.user)
			two.expectVisits(1)
			one.expectVisits(3)
		},
	},
	{
		steps: every,
		name:  "after logout the page says You are not logged in",
		hint:  "Logout must delete the cookie: set it again with the same name and path and with Max-Age=0 (in Go: MaxAge: -1).",
		run: func(s *scene) {
			b := s.browser()
			b.login(s.user)
			b.expectLoggedIn(s.user)
			s.expectToRoot(b.logout())
			b.expectLoggedOut()
		},
	},
	{
		steps: onlyOne,
		name:  "after logout you can log in again",
		hint:  "A login after a logout is like the first one. Does logout leave something behind that stops it?",
		run: func(s *scene) {
			b := s.browser()
			b.login(s.user)
			b.logout()
			b.login(s.user)
			b.expectLoggedIn(s.user)
		},
	},
	{
		steps: byName,
		name:  "after logout and login the count goes on",
		hint:  "In this step logout only deletes the cookie. It must leave the key in Redis alone: the count belongs to the name, not to the login.",
		run: func(s *scene) {
			b := s.browser()
			b.login(s.user)
			b.expectVisits(1)
			b.expectVisits(2)
			b.logout()
			b.login(s.user)
			b.expectVisits(3)
		},
	},
	{
		steps: onlyFour,
		name:  "after logout a new login starts at Visits: 1",
		hint:  "In this step the count belongs to the session. Logout deletes the session, and the next login makes a new one.",
		run: func(s *scene) {
			b := s.browser()
			b.login(s.user)
			b.expectVisits(1)
			b.expectVisits(2)
			b.logout()
			b.login(s.user)
			b.expectVisits(1)
		},
	},
	{
		steps: every,
		name:  "a name with HTML in it is shown as text",
		hint:  "The name went into the page as it was typed, so somebody can put a script into it. Escape it: html/template does it by itself, html.EscapeString by hand.",
		run:   escaped,
	},
	{
		steps: every,
		name:  "a changed cookie does not log anybody in",
		hint:  "The check changed one character of the cookie. A login in a cookie must be signed, and the signature looked at in every request; a token must be looked up as a whole.",
		run: func(s *scene) {
			b, thief := s.browser(), s.browser()
			b.login(s.user)
			cookie := b.cookie()
			thief.plant(cookie.Name, changed(cookie.Value))
			p := thief.get("/")
			s.expect(strings.Contains(p.text(), loggedOut) && !strings.Contains(p.text(), loggedIn),
				"GET / with a changed cookie to say "+quote(loggedOut), p.String())
		},
	},
	{
		steps: counting,
		name:  "30 visits at the same time count 30",
		hint:  "Some visits were lost: two requests read the same number and both wrote the next one. Do not read, add and write back. HINCRBY does all three inside Redis in one command.",
		run:   visitsAtOnce,
	},
	{
		steps: onlyFour,
		name:  "the cookie does not contain your name",
		hint:  "In this step the cookie holds a random token and nothing else. The name stays on the server, in Redis.",
		run: func(s *scene) {
			b := s.browser()
			for _, cookie := range b.login(s.user).cookies {
				s.expect(!reveals(cookie.Value, s.user, 3),
					"a cookie in which "+s.user+" cannot be read, also not after base64 decoding",
					cookie.Name+"="+quote(cookie.Value))
			}
		},
	},
	{
		steps: onlyFour,
		name:  "Redis does not hold the cookie's value",
		hint:  "Who can read the keys of Redis could log in as anybody. Use a hash of the token in the key: SHA-256 is enough, because the token is random.",
		run:   tokenNotStored,
	},
	{
		steps: onlyFour,
		name:  "every login gets a new cookie value",
		hint:  "Make a new random token in every login. Is it made from the user name, or made once and used again?",
		run: func(s *scene) {
			one, two := s.browser(), s.browser()
			one.login(s.user)
			first := one.cookie().Value
			one.login(s.user)
			two.login(s.user)
			for _, value := range []string{one.cookie().Value, two.cookie().Value} {
				s.expect(value != first, "a new cookie value for a new login", "the value of an earlier login once more")
			}
		},
	},
	{
		steps: onlyFour,
		name:  "login does not take a cookie value that was there before",
		hint:  "An attacker who plants a cookie in your browser and waits for your login would be logged in with you. This is called session fixation. Login must never use the token it was sent: it makes a new one.",
		run:   fixation,
	},
	{
		steps: onlyFour,
		name:  "a made-up cookie is not logged in and makes no key",
		hint:  "HINCRBY and HSET make a key that is not there. First look whether the session exists, and do both in one script or transaction.",
		run:   madeUp,
	},
	{
		steps: onlyFour,
		name:  "a page view sets no cookie",
		hint:  "Only login and logout may set or delete the session's cookie. The late answer to an old page would otherwise overwrite a new login.",
		run: func(s *scene) {
			b := s.browser()
			b.login(s.user)
			for range 2 {
				s.expectCookieLeftAlone(b.expectLoggedIn(s.user), b.cookie().Name)
			}
		},
	},
	{
		steps: onlyFour,
		name:  "logout deletes the session in Redis",
		hint:  "To delete the cookie is not enough: logout must also delete the key of the session (DEL), and do that first.",
		run: func(s *scene) {
			b := s.browser()
			b.login(s.user)
			b.expectVisits(1)
			key := s.key()
			b.logout()
			s.expect(!s.exists(key), "no key "+key+" after logout", "the key is still there")
		},
	},
	{
		steps: onlyFour,
		name:  "after logout a copied cookie is dead",
		hint:  "The check copied the cookie before logout. As long as the session is in Redis, the copy logs in: logout must delete the session's key, and a visit must not make it again.",
		run: func(s *scene) {
			b := s.browser()
			b.login(s.user)
			b.expectVisits(1)
			key, thief := s.key(), b.copy()
			b.logout()
			thief.expectLoggedOut()
			s.expect(!s.exists(key), "no visit to bring back "+key+" after logout", "the key is there again")
		},
	},
	{
		steps: onlyFour,
		name:  "logout in one browser leaves the other one logged in",
		hint:  "Logout ends the session of this browser only. Does it delete a key that both browsers share?",
		run: func(s *scene) {
			one, two := s.browser(), s.browser()
			one.login(s.user)
			two.login(s.user)
			one.logout()
			two.expectLoggedIn(s.user)
		},
	},
	{
		steps: onlyFour,
		name:  "login gives the session a TTL",
		hint:  "PTTL says -1: the session has no TTL. Somebody who logs in and never comes back would leave it in Redis for ever. Send EXPIRE together with the HSET of the login.",
		run: func(s *scene) {
			s.browser().login(s.user)
			s.expectTTL(s.key())
		},
	},
	{
		steps: expiring,
		name:  "the first visit gives the key a TTL",
		hint:  "If PTTL says -1, the key has no TTL. Is EXPIRE sent, and is it sent after HINCRBY? EXPIRE does nothing to a key that is not there yet, so with EXPIRE first the key of a first visit lives for ever.",
		run: func(s *scene) {
			b := s.browser()
			b.login(s.user)
			b.expectVisits(1)
			s.expectTTL(s.key())
		},
	},
	{
		steps: expiring,
		name:  "every visit fills the TTL up again",
		hint:  "The TTL slides: every visit sends EXPIRE, not only the first one. Is there an if around EXPIRE, or its option NX?",
		run: func(s *scene) {
			b := s.browser()
			b.login(s.user)
			b.expectVisits(1)
			key := s.key()
			s.shorten(key)
			since := time.Now()
			b.expectVisits(2)
			s.expectFull(key, since)
		},
	},
	{
		steps: expiring,
		name:  "other requests leave the TTL alone",
		hint:  "Only a visit of / fills the TTL up. Is EXPIRE sent in a middleware, which runs for every page?",
		run: func(s *scene) {
			b := s.browser()
			b.login(s.user)
			b.expectVisits(1)
			key := s.key()
			short := s.shorten(key)
			b.otherRequests()
			left := s.ttl(key)
			s.expect(left != forever && left <= short,
				fmt.Sprintf("the TTL of %s to stay at or below %s", key, short), ttlText(key, left))
		},
	},
	{
		steps: onlyThree,
		name:  "when the key is gone you are still logged in, and Visits is 1",
		hint:  "In this step the login is in the cookie and the count is in Redis. When the count has expired, HINCRBY starts again at 1; nobody is logged out.",
		run: func(s *scene) {
			b := s.browser()
			b.login(s.user)
			b.expectVisits(1)
			b.expectVisits(2)
			s.expire(s.key())
			b.expectVisits(1)
		},
	},
	{
		steps: onlyFour,
		name:  "when the session is gone you are logged out, and a new login starts at 1",
		hint:  "The session in Redis is the login. A visit whose session is not there says \"You are not logged in\". It must not make the session again: does HINCRBY run without a look whether the key exists?",
		run: func(s *scene) {
			b := s.browser()
			b.login(s.user)
			b.expectVisits(1)
			b.expectVisits(2)
			key := s.key()
			s.expire(key)
			b.expectLoggedOut()
			s.expect(!s.exists(key), "no visit to bring back "+key+" after its end", "the key is there again")
			b.login(s.user)
			b.expectVisits(1)
		},
	},
	{
		steps: onlyThree,
		waits: true,
		name:  "without a visit for the whole TTL, Visits starts at 1 again",
		hint:  "The check waited for the real end of the TTL (10 s, unless you changed it). Look at it yourself: redis-cli ttl KEY. Is the number of seconds right, and is EXPIRE sent after HINCRBY?",
		run: func(s *scene) {
			b := s.browser()
			s.outlive(b)
			b.expectVisits(1)
		},
	},
	{
		steps: onlyFour,
		waits: true,
		name:  "without a visit for the whole TTL, you are logged out",
		hint:  "The check waited for the real end of the TTL (10 s, unless you changed it). Look at it yourself: redis-cli ttl KEY. Is the number of seconds right?",
		run: func(s *scene) {
			b := s.browser()
			s.outlive(b)
			b.expectLoggedOut()
			b.login(s.user)
			b.expectVisits(1)
		},
	},
}

// apart is the check whose hints fit where all names share one count.
const apart = "two names in two browsers stay apart"

var (
	postForm  = regexp.MustCompile(`(?i)<form\b[^>]*\bmethod\s*=\s*["']?post\b`)
	nameField = regexp.MustCompile(`(?i)<input\b[^>]*\bname\s*=\s*["']?username["'\s/>]`)
)

func loginForm(s *scene) {
	p := s.browser().get("/login")
	s.expect(p.status == http.StatusOK, "GET /login to answer 200", p.String())
	s.expect(postForm.MatchString(p.body), "a form with method=post on GET /login", quote(p.body))
	s.expect(nameField.MatchString(p.body), "an input with name=username on GET /login", quote(p.body))
}

// expectToRoot wants the redirect p to lead to / of the same app.
func (s *scene) expectToRoot(p page) {
	to := p.header.Get("Location")
	base, err := url.Parse(s.address("/"))
	s.expect(err == nil, "a valid URL of the app", fmt.Sprint(err))
	if err != nil {
		return
	}
	target, err := base.Parse(to)
	s.expect(to != "" && err == nil && target.String() == base.String(), "a redirect with Location /", p.String())
}

func (s *scene) expectCount(key string, want int) {
	got := s.count(key)
	s.expect(got == fmt.Sprint(want), fmt.Sprintf("HGET %s visits to be %d, as on the page", key, want), quote(got))
}

// firstVisit wants 1. More than that has two usual causes: the login was
// counted too, or all names share one count, which the next name tells.
func firstVisit(s *scene) {
	one, two := s.browser(), s.browser()
	one.login(s.user + "-one")
	first, _ := one.get("/").visits()
	if first > 1 {
		two.login(s.user + "-two")
		if next, _ := two.get("/").visits(); next > first {
			s.expect(false, "the first visit of a name to say \"Visits: 1\"",
				fmt.Sprintf("\"Visits: %d\", and for the next new name \"Visits: %d\"", first, next))
			s.see(apart)
		}
	}
	b := s.browser()
	b.login(s.user)
	b.expectVisits(1)
}

func twoNames(s *scene) {
	one, two := s.browser(), s.browser()
	one.login(s.user + "-one")
	two.login(s.user + "-two")
	one.expectLoggedIn(s.user + "-one")
	two.expectLoggedIn(s.user + "-two")
	if s.step > 1 {
		one.expectVisits(2)
		two.expectVisits(2)
	}
}

// otherRequests are those a browser sends that are no visit.
func (b *browser) otherRequests() {
	b.get("/login")
	b.get("/no-such-page")
	b.scene.browser().expectLoggedOut()
}

func escaped(s *scene) {
	name := "<b>" + s.user + "</b>&amp;"
	b := s.browser()
	b.login(name)
	p := b.expectLoggedIn(name)
	s.expect(!strings.Contains(p.body, "<b>"+s.user), "&lt;b&gt; in the page's source for <b> in the name", quote(p.body))
}

// changed replaces one character in the middle.
func changed(value string) string {
	if value == "" {
		return value
	}
	letters := []byte(value)
	// x is no digit of hexadecimal, so this is not only a change of case.
	if middle := &letters[len(letters)/2]; *middle == 'x' {
		*middle = 'y'
	} else {
		*middle = 'x'
	}
	return string(letters)
}

func visitsAtOnce(s *scene) {
	const n = 30
	b := s.browser()
	b.login(s.user)
	numbers := b.visitAtOnce(n)
	different := len(slices.Compact(slices.Clone(numbers)))
	s.expect(different == n && numbers[0] == 1 && numbers[n-1] == n,
		fmt.Sprintf("the numbers 1 to %d, each once, on %d pages asked for at the same time", n, n),
		fmt.Sprintf("%d different numbers: %v", different, numbers))
	s.expectCount(s.key(), n)
}

var base64Run = regexp.MustCompile(`[A-Za-z0-9+/_-]{8,}`)

// reveals says whether a name can be read in a value, or in what base64 or
// URL decoding makes of its parts, down to some depth.
func reveals(value, name string, depth int) bool {
	if strings.Contains(value, name) {
		return true
	}
	if depth == 0 {
		return false
	}
	if plain, err := url.QueryUnescape(value); err == nil && plain != value && reveals(plain, name, depth-1) {
		return true
	}
	for _, run := range base64Run.FindAllString(value, -1) {
		run = strings.NewReplacer("-", "+", "_", "/").Replace(run)
		// A run may have lost its last bits where it was cut out.
		plain, _ := base64.RawStdEncoding.DecodeString(run[:len(run)/4*4])
		if tail, err := base64.RawStdEncoding.DecodeString(run); err == nil {
			plain = tail
		}
		if len(plain) > 0 && reveals(string(plain), name, depth-1) {
			return true
		}
	}
	return false
}

func tokenNotStored(s *scene) {
	b := s.browser()
	b.login(s.user)
	b.expectVisits(1)
	key, value := s.key(), b.cookie().Value
	if s.failed() {
		return
	}
	plain, err := url.QueryUnescape(value)
	if err != nil {
		plain = value
	}
	fields := s.target.Redis.HGetAll(s.ctx, key)
	s.ask(fields)
	stored := fmt.Sprint(key, " ", fields.Val())
	s.expect(!strings.Contains(stored, value) && !strings.Contains(stored, plain),
		"neither the key nor the fields of the session to contain the cookie's value", quote(stored))
}

func fixation(s *scene) {
	scout, victim, attacker := s.browser(), s.browser(), s.browser()
	scout.login(s.user + "-scout")
	name, value := scout.cookie().Name, s.madeUpToken()
	victim.plant(name, value)
	attacker.plant(name, value)
	victim.login(s.user)
	s.expect(victim.held(name) != value, "login to replace the cookie value that was planted before", name+"="+quote(value)+" is still there")
	attacker.expectLoggedOut()
}

// madeUpToken looks like 256 random bits in base64, and has the user name in
// it by which a key made from it is found.
func (s *scene) madeUpToken() string {
	return s.user + strings.Repeat("A", 43-len(s.user))
}

func madeUp(s *scene) {
	scout, b := s.browser(), s.browser()
	scout.login(s.user + "-scout")
	value := s.madeUpToken()
	sum := sha256.Sum256([]byte(value))
	b.plant(scout.cookie().Name, value)
	b.expectLoggedOut()
	for _, part := range []string{value, hex.EncodeToString(sum[:])} {
		if s.failed() {
			return
		}
		keys, err := s.scan(s.ctx, "*"+part+"*", "")
		s.planted = append(s.planted, keys...)
		s.expect(err == nil, "an answer from Redis to SCAN", fmt.Sprint(err))
		s.expect(len(keys) == 0, "no key in Redis for a made-up cookie", strings.Join(keys, ", "))
	}
}

func (s *scene) expectCookieLeftAlone(p page, name string) {
	for _, cookie := range p.cookies {
		s.expect(cookie.Name != name, p.request+" to leave the cookie "+name+" alone", "Set-Cookie: "+flags(cookie))
	}
}

// outlive visits twice and then waits until the count is gone by itself.
func (s *scene) outlive(b *browser) {
	b.login(s.user)
	b.expectVisits(1)
	since := time.Now()
	b.expectVisits(2)
	key := s.key()
	s.awaitGone(key, s.target.TTL+3*time.Second)
	lasted := time.Since(since)
	s.expect(lasted > s.target.TTL*8/10, fmt.Sprintf("the key %s to last %s after a visit", key, s.target.TTL),
		fmt.Sprintf("it was gone after %s", lasted.Round(100*time.Millisecond)))
}
