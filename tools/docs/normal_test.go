package docs

import (
	"regexp"
	"strings"
	"testing"
)

// differing are the parts of an output that change from run to run. A number of
// one digit stays: it is a count, or the TTL that Redis reports for a missing
// one.
var differing = []struct {
	pattern *regexp.Regexp
	same    string
}{
	{regexp.MustCompile(`\(integer\) \d{2,}`), "(integer) N"},
	{regexp.MustCompile(`\b(process|kill -9) \d+`), "$1 N"},
	{regexp.MustCompile(`\b[0-9a-f]{64}\b`), "SHA256"},
	{regexp.MustCompile(`\b\d{13}\b`), "MILLISECONDS"},
	{regexp.MustCompile(`\b\d\d:\d\d:\d\d(\.\d+)?\b`), "TIME"},
	{regexp.MustCompile(`\b[A-Za-z0-9_-]{43}(?:[^\w-]|$)`), "TOKEN"},
	{regexp.MustCompile(`\b\d+(\.\d+)?( ?)(µs|ms)\b`), "N$2$3"},
	// redis-cli adds this to a slow answer, as on a busy machine.
	{regexp.MustCompile(`(?m)^\(\d+\.\d\ds\)\n`), ""},
	{regexp.MustCompile(`[ \t]+\n`), "\n"},
}

// normal replaces these parts, so that two outputs of one command become equal.
func normal(output string) string {
	output += "\n"
	for _, d := range differing {
		output = d.pattern.ReplaceAllString(output, d.same)
	}
	return strings.Trim(output, "\n")
}

func TestNormal(t *testing.T) {
	sum := strings.Repeat("0123456789abcdef", 4)
	for _, c := range []struct {
		shown, real string
		equal       bool
	}{
		{"(integer) 117", "(integer) 96", true},
		{"Server: 127.0.0.1:5001, process 11886. Kill it: kill -9 11886\n", "Server: 127.0.0.1:5001, process 7. Kill it: kill -9 7", true},
		{"workshop:session:" + sum, "workshop:session:" + strings.Repeat("f", 64), true},
		{"1795402583059", "1795402583060", true},
		{"hash\n1", "hash\n(0.85s)\n1", true},
		{"12:00:01 HINCRBY", "23:59:59.123 HINCRBY", true},
		{"1 round trip, 0.4 ms", "1 round trip, 12 ms", true},
		{"workshop_session\t" + strings.Repeat("a", 43), "workshop_session\t" + strings.Repeat("b-_", 14) + "c", true},
		{"(integer) 1", "(integer) 0", false},
		{"(integer) -1", "(integer) 117", false},
		{"idle for 10 s", "idle for 120 s", false},
		{"Visits: 4", "Visits: 5", false},
		{"Visits: 41", "Visits: 42", false},
		{`"4"`, `"41"`, false},
		{"http://127.0.0.1:5000", "http://127.0.0.1:5001", false},
		{"a\nb", "b\na", false},
	} {
		if (normal(c.shown) == normal(c.real)) != c.equal {
			t.Errorf("%q and %q: equal is not %v: %q, %q", c.shown, c.real, c.equal, normal(c.shown), normal(c.real))
		}
	}
}
