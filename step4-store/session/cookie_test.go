package session_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"example.com/session-workshop/step4-store/session"
)

func TestTheCookieIsForItsOwnHost(t *testing.T) {
	const token = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	for https, want := range map[bool]string{
		false: "workshop_session=" + token + "; Path=/; HttpOnly; SameSite=Lax",
		true:  "__Host-workshop_session=" + token + "; Path=/; HttpOnly; Secure; SameSite=Lax",
	} {
		cookie, w := session.NewCookie(https), httptest.NewRecorder()
		cookie.Set(w, token)
		if got := w.Header().Get("Set-Cookie"); got != want {
			t.Errorf("https %v: the cookie is %q, want %q", https, got, want)
		}
		w = httptest.NewRecorder()
		cookie.Delete(w)
		if got := w.Header().Get("Set-Cookie"); !strings.HasPrefix(got, cookie.Name+"=; Path=/; Max-Age=0;") {
			t.Errorf("https %v: the cookie is deleted by %q", https, got)
		}
	}
}

func TestOnlyATokenIsTakenFromACookie(t *testing.T) {
	const token = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	for value, want := range map[string]session.Token{
		token: token, "": "", "x": "", token + "A": "", token[1:]: "",
		// The same bytes in another spelling, and another alphabet.
		token[1:] + "B": "", token[1:] + "=": "", "+" + token[1:]: "",
		strings.Repeat("A", 6<<10): "",
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Cookie", "workshop_session="+value)
		if got := session.NewCookie(false).Token(r); got != want {
			t.Errorf("of the value %.50q it takes %q, want %q", value, got, want)
		}
		if got := session.NewCookie(true).Token(r); got != "" {
			t.Errorf("behind HTTPS it takes %q from a cookie of plain HTTP", got)
		}
	}
}
