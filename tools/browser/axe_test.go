package browser

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/testall"
)

var axeOnce = sync.OnceValues(fetchAxe)

// axe returns the script of axe-core, which finds barriers for users with
// disabilities: https://github.com/dequelabs/axe-core. npm downloads it once in
// a test process.
func axe(t *testing.T) string {
	t.Helper()
	script, err := axeOnce()
	if err != nil {
		skipOutsideCI(t, "NOT tested for accessibility: axe-core could not be fetched: %v. It needs npm, on Debian: apt-get install npm", err)
	}
	return script
}

// fetchAxe installs the version in axe/package-lock.json. npm compares its
// checksum.
func fetchAxe() (script string, err error) {
	dir, err := os.MkdirTemp("", "session-workshop-axe-")
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.CopyFS(dir, os.DirFS("axe")); err != nil {
		return "", err
	}
	install := exec.Command("npm", "ci", "--prefix", dir, "--no-audit", "--no-fund", "--ignore-scripts")
	if said, err := install.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm ci: %w %s", err, bytes.TrimSpace(said))
	}
	text, err := os.ReadFile(filepath.Join(dir, "node_modules/axe-core/axe.min.js"))
	return string(text), err
}

// mustBeAccessible runs every rule of axe-core on the present page. The
// debugger injects the script, so the page keeps its strict policy.
func (b *tab) mustBeAccessible(page, script string) {
	b.t.Helper()
	b.do(chromedp.Evaluate[chromedp.Void](script))
	for _, violation := range eval[[]string](b, `
		axe.run({ rules: { "target-size": { enabled: true } } }).then((result) => {
			if (result.passes.length < 10) return ["only " + result.passes.length + " rules ran"];
			return result.violations.map((rule) => rule.id + ": " + rule.help + "\n" +
				rule.nodes.map((node) => node.html + "\n" + (node.failureSummary || "")).join("\n"));
		})`) {
		b.t.Errorf("%s: %s", page, strings.ReplaceAll(violation, "\n", "\n\t"))
	}
}

func TestAccessibility(t *testing.T) {
	testall.Only(t)
	script := axe(t)
	for _, scheme := range schemes {
		eachApp(t, scheme, func(b *tab) { b.prefer(scheme) }, func(b *tab, page string) { b.mustBeAccessible(page, script) })
	}
	eachStep(t, []string{step1, step2, step3}, func(t *testing.T, step string, b *tab, _ *redistest.Server) {
		b.login("ada")
		b.mustBeAccessible("logged in", script)
	})
}
