package browse_test

import (
	"testing"

	"example.com/session-workshop/check/browse"
)

func TestTextIsWhatAUserReads(t *testing.T) {
	for markup, want := range map[string]string{
		"Logged in as aaa.<br> Visits: 4":                           "Logged in as aaa. Visits: 4",
		"<p>Logged in as <b>aaa</b>.</p><p>Visits: <i>4</i></p>":    "Logged in as aaa. Visits: 4",
		"<p>one</p><p>two</p>":                                      "one two",
		"a\n\t b&nbsp;c":                                            "a b c",
		"&lt;b&gt;aaa&lt;/b&gt; &amp;amp;":                          "<b>aaa</b> &amp;",
		"<title>Visits: 7</title><script>Visits: 8</script>x":       "x",
		"<!-- Visits: 9 --><style>p{}</style>y":                     "y",
		`<p title="a > b">z</p>`:                                    "z",
		"<!doctype html><body class=x>You are not logged in</body>": "You are not logged in",
		"2 < 3": "2 < 3",
	} {
		if got := browse.Text(markup); got != want {
			t.Errorf("the text of %q is %q, want %q", markup, got, want)
		}
	}
}
