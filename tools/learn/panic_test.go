package learn_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/tools/internal/repotest"
)

// A stack trace of Go has hundreds of lines, and one of them is the learner's.
func TestAPanicIsPrintedInOneLine(t *testing.T) {
	testall.Only(t)
	root := repotest.Clone(t)
	c := started(t, root, 1)
	const run = "func run() error {\n"
	for what, change := range map[string]struct{ from, to, want string }{
		"in a handler": {
			"name, _ := cookie(c)", "name := cookie(c)",
			`(?s)first: .*Your app printed meanwhile:\n.*panic: interface conversion: interface {} is nil, not string at my-step1/main\.go:\d+ \(username\), :\d+ \(index\)`,
		},
		"at the start": {
			run, run + "\tvar pages map[string]string\n\tpages[`index`] = ``\n",
			`panic: assignment to entry in nil map at my-step1/main\.go:\d+ \(run\), :\d+ \(main\)`,
		},
		"beside the requests": {
			run, run + "\tgo func() { panic(`on its own`) }()\n",
			`panic: on its own at my-step1/main\.go:\d+ \(run\.func1\)`,
		},
		"in the text of a page": {
			"{{.Username}}", "{{.Username}",
			`panic: template: index:\d+: .* at my-step1/main\.go:\d+ \(run\), :\d+ \(main\)`,
		},
		"in a field of a page": {
			"{{.Username}}", "{{.Nam}}",
			`(?s)first: .*Your app printed meanwhile:\n.*template: index:\d+:\d+: executing .* can't evaluate field Nam in type main\.page`,
		},
	} {
		t.Run(what, func(t *testing.T) {
			putSolution(t, c)
			repotest.Change(t, filepath.Join(c.Dir(), "main.go"), change.from, change.to)
			check := checkOf(c, "")
			var out strings.Builder
			check.Out = &out
			err := check.Run(t.Context())
			said := fmt.Sprint(out.String(), err)
			if !regexp.MustCompile(change.want).MatchString(said) || regexp.MustCompile(`goroutine|runtime/`).MatchString(said) {
				t.Errorf("it does not say %s in one line:\n%s", change.want, said)
			}
		})
	}
}
