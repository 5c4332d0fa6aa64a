package sessionstore_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/sessionstore"
)

var token = strings.Repeat("A", 43)

// For any Cookie header, a request has no session, or one whose token is in the
// header, decodes to 32 bytes and has only this spelling.
func FuzzCookie(f *testing.F) {
	for _, header := range []string{
		"", "=", ";", "session", "session=", "session=" + token, "session=" + token[1:] + "B",
		"session=" + token[1:] + "-", "session=" + token[1:] + "_", "session=" + token + "=",
		"session=\"" + token + "\"", "session=" + token + "; session=" + token,
		"session=" + token + "; session=" + token[1:] + "E", "a=b; session=" + token + " ;c", "Session=" + token,
		"__Host-session=" + token, "session=" + token[1:] + "\x00", "session=" + token + strings.Repeat("; x=y", 4000),
	} {
		f.Add(header)
	}
	store := sessionstore.New(nothingSent(), sessionstore.InsecurePlainHTTP())
	f.Fuzz(func(t *testing.T, header string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Cookie", header)
		s := store.Of(httptest.NewRecorder(), r)
		if !s.Brought() {
			if err := s.Refresh(t.Context()); !errors.Is(err, sessionstore.ErrNoSession) {
				t.Errorf("without a token the error is %v, want ErrNoSession", err)
			}
			return
		}
		if err := s.Refresh(t.Context()); !errors.Is(err, errSent) {
			t.Errorf("with a token the error is %v, want that of Redis", err)
		}
		for _, c := range r.CookiesNamed("session") {
			random, err := base64.RawURLEncoding.DecodeString(c.Value)
			if err != nil || len(random) != 32 || base64.RawURLEncoding.EncodeToString(random) != c.Value || digest(c.Value) != s.Handle() {
				t.Errorf("%q counts as a token: %d bytes, %v", c.Value, len(random), err)
			}
			if !strings.Contains(header, c.Value) {
				t.Errorf("the token %q is not in the header", c.Value)
			}
		}
	})
}

var documented = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// A change is sent only if the name of its field is valid as documented.
func FuzzFieldName(f *testing.F) {
	for _, field := range []string{
		"", "visits", "username", "usernames", "Username", "@end", "@", "a@", "a b", "a\n", "\n", "é", "\xff", "\x00",
		".", "-", "_", "0", "/", ":", "[", "`", "{", "^", strings.Repeat("a", 64), strings.Repeat("a", 65),
	} {
		f.Add(field)
	}
	store := sessionstore.New(nothingSent(), sessionstore.InsecurePlainHTTP())
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Cookie", "session="+token)
	f.Fuzz(func(t *testing.T, field string) {
		want := sessionstore.ErrField
		if documented.MatchString(field) && field != "username" {
			want = errSent
		}
		s := store.Of(httptest.NewRecorder(), r)
		_, incr := s.Incr(t.Context(), field, 1)
		for verb, err := range map[string]error{
			"Set": s.Set(t.Context(), field, ""), "Incr": incr, "Delete": s.Delete(t.Context(), field),
			"Batch": s.Batch(t.Context(), sessionstore.Set("f", ""), sessionstore.Delete(field)),
		} {
			if !errors.Is(err, want) {
				t.Errorf("%s of the field %q: the error is %v, want %v", verb, field, err, want)
			}
		}
	})
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}

var errSent = errors.New("a command was sent")

// nothingSent returns a client that sends nothing: each command fails with errSent.
func nothingSent() redis.UniversalClient {
	client := redis.NewClient(&redis.Options{})
	client.AddHook(refuse{})
	return client
}

type refuse struct{}

func (refuse) DialHook(next redis.DialHook) redis.DialHook { return next }
func (refuse) ProcessHook(redis.ProcessHook) redis.ProcessHook {
	return func(context.Context, redis.Cmder) error { return errSent }
}
func (refuse) ProcessPipelineHook(redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(context.Context, []redis.Cmder) error { return errSent }
}
