package contract

import (
	"encoding/base64"
	"strings"
	"testing"

	"example.com/session-workshop/check/browse"
	"example.com/session-workshop/shared/lang"
)

func TestRevealsDecodesTheValue(t *testing.T) {
	const name = "user-abc123def456"
	std, raw := base64.StdEncoding, base64.RawURLEncoding
	gorilla := std.EncodeToString([]byte("1700000000|" + raw.EncodeToString([]byte("\x0d\xff\x81"+name+"?")) + "|mac"))
	for what, value := range map[string]string{
		"plain":            name,
		"URL":              "user%2Dabc123def456",
		"base64 of JSON":   raw.EncodeToString([]byte(`{"username":"`+name+`"}`)) + ".ZZZZ.signature",
		"padded base64":    std.EncodeToString([]byte(name + ".")),
		"base64 in base64": gorilla,
	} {
		if !reveals(value, name, 3) {
			t.Errorf("%s: the name is not found in %q", what, value)
		}
	}
	if token := strings.Repeat("Zm9vYmFy", 6); reveals(token, name, 3) {
		t.Errorf("a name is found in %q", token)
	}
}

func TestChangedChangesEveryValue(t *testing.T) {
	for _, value := range []string{"a", "x", "xxx", "0123456789abcdef"} {
		if got := changed(value); got == value || len(got) != len(value) {
			t.Errorf("%q became %q", value, got)
		}
	}
}

func TestFailuresAreShort(t *testing.T) {
	s := &scene{}
	s.expect(false, lang.Same("little"), lang.Same(strings.Repeat("日", 1000)))
	s.expect(false, lang.Same("more"), lang.Same("the second failure"))
	if got := s.failure.Got.JA; len(got) > 410 || !strings.HasSuffix(got, "日…") {
		t.Errorf("Got has %d bytes: %q", len(got), got)
	}
	if s.failure.Error() != "expected little / got "+s.failure.Got.EN {
		t.Errorf("Error() is %q", s.failure.Error())
	}
}

func TestAFailureDoesNotShowTheFrame(t *testing.T) {
	p := page{browse.Page{Request: "GET /", Status: 200, Body: `<header id="workshop" class="color0"><p>Step 3 of 4</p></header><header>above</header><main><h1>Login</h1></main>
<section class="hood" aria-labelledby="hood"><h2>Under the hood</h2></section><section>below</section>`}}
	if want := `GET / answered 200: "above Login below"`; p.said().EN != want {
		t.Errorf("got %s, want %s", p.said(), want)
	}
}
