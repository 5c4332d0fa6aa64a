package contract

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"example.com/session-workshop/shared/lang"
)

// serverSessions are the rules about the session of step 4: a token in the
// cookie, and the data in Redis that belongs to it.
var serverSessions = []rule{
	{
		id:    "name-not-in-cookie",
		name:  lang.T("the cookie does not contain your name", ""),
		steps: onlyFour,
		hints: []lang.Text{
			lang.T("In this step the cookie holds a random token and nothing else. The name stays on the server, in Redis.", ""),
			lang.T("Only Cookie.Set sets a cookie now, with the token from Create. Remove the store of gorilla/sessions.", ""),
			lang.T("token, err := a.store.Create(ctx, name) … a.cookie.Set(c.Response(), token)", ""),
		},
		where: inLogin,
		run: func(s *scene) {
			b := s.browser()
			for _, cookie := range b.login(s.user).Cookies {
				s.expect(!reveals(cookie.Value, s.user, 3),
					lang.T("a cookie in which %s cannot be read, even after base64 decoding", "", s.user),
					lang.T("%s=%s", "", cookie.Name, quote(cookie.Value)))
			}
		},
	},
	{
		id:    "token-not-in-redis",
		name:  lang.T("Redis does not hold the cookie's value", ""),
		steps: onlyFour,
		hints: []lang.Text{
			lang.T("Anyone who can read the keys in Redis could log in as any user. Use a hash of the token in the key: SHA-256 is enough, because the token is random.", ""),
			lang.T("Key puts sha256.Sum256 of the token into the key, in hexadecimal digits (hex.EncodeToString). No field of the hash holds the token.", ""),
			lang.T("sum := sha256.Sum256([]byte(t)); return keyPrefix + hex.EncodeToString(sum[:])", ""),
		},
		where: inKey,
		run:   tokenNotStored,
	},
	{
		id:    "new-token",
		name:  lang.T("every login gets a new cookie value", ""),
		steps: onlyFour,
		hints: []lang.Text{
			lang.T("Make a new random token in every login. Is it made from the user name, or made once and used again?", ""),
			lang.T("Create calls newToken() at each login. login uses the token that the browser sent only to delete that session.", ""),
			lang.T("t := newToken(), as the first line of Create", ""),
		},
		where: inCreate,
		run: func(s *scene) {
			one, two := s.loggedIn(), s.browser()
			first := one.cookie().Value
			one.login(s.user)
			two.login(s.user)
			for _, value := range []string{one.cookie().Value, two.cookie().Value} {
				s.expect(value != first, lang.T("a new cookie value for a new login", ""), lang.T("the value of an earlier login once more", ""))
			}
		},
	},
	{
		id:    "token-random",
		name:  lang.T("the cookie value of a login is random", ""),
		steps: onlyFour,
		hints: []lang.Text{
			lang.T("The value is the key to a session, so it must be random, and long: an attacker can guess a number that counts up, or the time. OWASP asks for at least 64 random bits, which are 16 hexadecimal digits.", ""),
			lang.T("Values of crypto/rand cannot be guessed, those of math/rand can. 32 random bytes are more than enough.", ""),
			lang.T("var random [32]byte; rand.Read(random[:]); return Token(encoding.EncodeToString(random[:]))", ""),
		},
		where: "session/token.go, func newToken",
		run:   tokenIsRandom,
	},
	{
		id:    "fixation",
		name:  lang.T("login never reuses the cookie value that the browser sent", ""),
		steps: onlyFour,
		hints: []lang.Text{
			lang.T("An attacker who plants a cookie in your browser and waits for your login would be logged in with you. This is called session fixation. Login must never use the token that the browser sent: it makes a new one.", ""),
			lang.T("login calls Create, which calls newToken(). Cookie.Token is for Visit and Delete only.", ""),
			lang.T("token, err := a.store.Create(c.Request().Context(), name); a.cookie.Set(c.Response(), token)", ""),
		},
		where: inLogin,
		run:   fixation,
	},
	{
		id:    "made-up-cookie",
		name:  lang.T("a made-up cookie is not logged in and makes no key", ""),
		steps: onlyFour,
		hints: []lang.Text{
			lang.T("HINCRBY and HSET make a key that is not there. First check that the session exists, and do both in one script or transaction.", ""),
			lang.T("A script asks EXISTS first and returns false if there is no key. In Go that is redis.Nil, and Visit returns ErrNone for it. redis.NewScript(…).Run runs it as one command.", ""),
			lang.T("if redis.call('EXISTS', KEYS[1]) == 0 then return false end; then HINCRBY, PEXPIRE, and return {HGET username, visits}", ""),
		},
		where: inVisit,
		run:   madeUp,
	},
	{
		id:    "view-sets-no-cookie",
		name:  lang.T("a page view sets no cookie", ""),
		steps: onlyFour,
		hints: []lang.Text{
			lang.T("Only login and logout may set or delete the session's cookie. Otherwise the late answer to an old page could overwrite a new login.", ""),
			lang.T("Call Cookie.Set only in login, and Cookie.Delete only in logout: neither in index nor in a middleware.", ""),
			lang.T("in index only: s, err := a.store.Visit(ctx, a.cookie.Token(c.Request()))", ""),
		},
		where: inIndex,
		run: func(s *scene) {
			b := s.loggedIn()
			for range 2 {
				s.expectCookieLeftAlone(b.expectLoggedIn(s.user), b.cookie().Name)
			}
		},
	},
	{
		id:    "logout-deletes-session",
		name:  lang.T("logout deletes the session in Redis", ""),
		steps: onlyFour,
		hints: []lang.Text{
			lang.T("Deleting the cookie is not enough: logout must also delete the key of the session (DEL), and do that first.", ""),
			lang.T("Delete sends DEL for the key of the token. logout calls it first, and Cookie.Delete after it.", ""),
			lang.T("return s.rdb.Del(ctx, s.Key(t)).Err() / in logout: a.store.Delete(ctx, a.cookie.Token(c.Request()))", ""),
		},
		where: "session/store.go, func Delete; main.go, func logout",
		run: func(s *scene) {
			b := s.visited(1)
			key := s.key()
			b.logout()
			s.expect(!s.exists(key), lang.T("no key %s after logout", "", key), lang.T("the key is still there", ""))
		},
	},
	{
		id:    "copied-cookie",
		name:  lang.T("after logout a copied cookie is dead", ""),
		steps: onlyFour,
		hints: []lang.Text{
			lang.T("The check copied the cookie before logout. As long as the session is in Redis, the copy logs in: logout must delete the session's key, and a visit must not make it again.", ""),
			lang.T("Delete removes the key. Visit asks EXISTS before it writes, in the same script, so that a late visit cannot make the key again.", ""),
			lang.T("if redis.call('EXISTS', KEYS[1]) == 0 then return false end, as the first line of the script", ""),
		},
		where: "session/store.go, func Delete, func Visit",
		run: func(s *scene) {
			b := s.visited(1)
			key, thief := s.key(), b.copy()
			b.logout()
			thief.expectLoggedOut()
			s.expect(!s.exists(key), lang.T("no visit to bring back %s after logout", "", key), lang.T("the key is there again", ""))
		},
	},
	{
		id:    "logout-one-browser",
		name:  lang.T("logout in one browser leaves the other one logged in", ""),
		steps: onlyFour,
		hints: []lang.Text{
			lang.T("Logout ends the session of this browser only. Does it delete a key that both browsers share?", ""),
			lang.T("Delete removes s.Key(t) of this one token. It does not search by the user's name.", ""),
			lang.T("return s.rdb.Del(ctx, s.Key(t)).Err()", ""),
		},
		where: inDelete,
		run: func(s *scene) {
			one, two := s.loggedIn(), s.loggedIn()
			one.logout()
			two.expectLoggedIn(s.user)
		},
	},
}

var base64Run = regexp.MustCompile(`[A-Za-z0-9+/_-]{8,}`)

// reveals reports whether a value contains a name, as it is or after base64 or
// URL decoding of its parts, at most depth times.
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
		// The last characters of a run may not be a whole group of base64.
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
	b := s.visited(1)
	key, value := s.key(), b.cookie().Value
	if s.failed() {
		return
	}
	plain, err := url.QueryUnescape(value)
	if err != nil {
		plain = value
	}
	fields := s.target.Redis.HGetAll(s.ctx, key)
	s.expectReply(fields)
	stored := fmt.Sprint(key, " ", fields.Val())
	s.expect(!strings.Contains(stored, value) && !strings.Contains(stored, plain),
		lang.T("neither the key nor the fields of the session to contain the cookie's value", ""), lang.Same(quote(stored)))
}

func fixation(s *scene) {
	scout, victim, attacker := s.browser(), s.browser(), s.browser()
	scout.login(s.user + "-scout")
	name, value := scout.cookie().Name, s.madeUpToken()
	victim.plant(name, value)
	attacker.plant(name, value)
	victim.login(s.user)
	s.expect(victim.valueOf(name) != value, lang.T("login to replace the cookie value that was planted before", ""), lang.T("%s=%s is still there", "", name, quote(value)))
	attacker.expectLoggedOut()
}

// madeUpToken returns a value of the length of 256 random bits in base64. It
// contains the user name, by which a key made from it can be found.
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
	// A store may use only half of the digest, as sessionstore does.
	for _, part := range []string{value, hex.EncodeToString(sum[:16])} {
		if s.failed() {
			return
		}
		keys, err := s.scan(s.ctx, "*"+part+"*", "")
		s.planted = append(s.planted, keys...)
		s.expect(err == nil, lang.T("an answer from Redis to SCAN", ""), lang.Same(fmt.Sprint(err)))
		s.expect(len(keys) == 0, lang.T("no key in Redis for a made-up cookie", ""), lang.Same(strings.Join(keys, ", ")))
	}
}

func (s *scene) expectCookieLeftAlone(p page, name string) {
	for _, cookie := range p.Cookies {
		s.expect(cookie.Name != name, lang.T("%s to leave the cookie %s alone", "", p.Request, name), lang.T("Set-Cookie: %s", "", flags(cookie)))
	}
}

// tokenIsRandom compares the cookie values of some logins. Random values have no
// long beginning in common, except one that a library puts before each value
// (https://cheatsheetseries.owasp.org/cheatsheets/Session_Management_Cheat_Sheet.html#session-id-entropy).
func tokenIsRandom(s *scene) {
	const least = 16
	before := s.loggedIn().cookie().Value
	for range 3 {
		value := s.loggedIn().cookie().Value
		s.expect(len(value) >= least, lang.T("a cookie value of %d characters or more", "", least), lang.T("%d characters", "", len(value)))
		same := 0
		for same < min(len(before), len(value)) && before[same] == value[same] {
			same++
		}
		s.expect(same <= len(value)/3, lang.T("the cookie values of two logins to differ from their beginning on", ""),
			lang.T("the first %d of %d characters are the same", "", same, len(value)))
		before = value
	}
}
