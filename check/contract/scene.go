package contract

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"example.com/session-workshop/shared/lang"
)

// scene is one run of one check. It keeps the first failure; after that all
// its methods, and those of its browsers, do nothing and return zero values.
// So a check reads as a list of steps, without an if after each.
type scene struct {
	ctx     context.Context
	target  Target
	step    int
	user    string          // a unique name, of ASCII letters, digits and a hyphen
	before  map[string]bool // the hashes that were in Redis when step 4's check began
	planted []string        // keys that the check made itself
	client  *http.Transport
	failure *Failure
}

// play runs a check's steps and then deletes the keys that they caused.
func play(ctx context.Context, t Target, step int, run func(s *scene)) error {
	if t.TTL == 0 {
		t.TTL = 10 * time.Second
	}
	s := &scene{
		ctx: ctx, target: t, step: step,
		user:   "user-" + strings.ToLower(rand.Text()[:12]),
		client: http.DefaultTransport.(*http.Transport).Clone(),
	}
	defer s.client.CloseIdleConnections()
	s.expect(step == 1 || t.Redis != nil, lang.T("a Redis client in Target.Redis", "Target.Redis に Redis のクライアントがあること"), lang.T("none", "なし"))
	if step == 4 {
		s.before = s.hashes()
	}
	run(s)
	if step > 1 && t.Redis != nil {
		s.cleanUp()
	}
	// A nil *Failure in an error would not be nil.
	if s.failure == nil {
		return nil
	}
	return s.failure
}

func (s *scene) failed() bool { return s.failure != nil }

// expect records a failure if ok is false and there was no failure before.
func (s *scene) expect(ok bool, expected, got lang.Text) {
	if !ok && !s.failed() {
		s.failure = &Failure{Expected: expected, Got: lang.Text{EN: cut(got.EN, 400), JA: cut(got.JA, 400)}}
	}
}

// see records the id of the check whose hints fit the failure.
func (s *scene) see(id string) {
	if s.failed() {
		s.failure.See = id
	}
}

// cut shortens text to about n bytes, and ends it with an ellipsis.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n] + "…"
}

func quote(text string) string { return fmt.Sprintf("%q", cut(text, 200)) }
