package browser

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
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

// axe-core finds mistakes that keep people out: https://github.com/dequelabs/axe-core.
// The sum is what npm view axe-core@VERSION dist.integrity prints.
const (
	axePackage = "axe-core@4.14.1"
	axeSum     = "sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
)

var axeOnce = sync.OnceValues(fetchAxe)

// axe returns the script, which npm fetches once in a test process.
func axe(t *testing.T) string {
	t.Helper()
	script, err := axeOnce()
	if err != nil {
		skipOutsideCI(t, "NOT tested for accessibility: %s could not be fetched: %v. It needs npm, on Debian: apt-get install npm", axePackage, err)
	}
	return script
}

func fetchAxe() (script string, err error) {
	dir, err := os.MkdirTemp("", "session-workshop-axe-")
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	pack := exec.Command("npm", "pack", "--silent", "--pack-destination", dir, axePackage)
	pack.Dir = dir
	if said, err := pack.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm pack: %w %s", err, bytes.TrimSpace(said))
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil || len(files) != 1 {
		return "", fmt.Errorf("npm pack wrote the files %q", files)
	}
	archive, err := os.ReadFile(files[0])
	if err != nil {
		return "", err
	}
	if sum := sha512.Sum512(archive); "sha512-"+base64.StdEncoding.EncodeToString(sum[:]) != axeSum {
		return "", fmt.Errorf("the package has another sum than %s", axeSum)
	}
	return unpack(archive, "package/axe.min.js")
}

// unpack returns one file of a tar.gz.
func unpack(archive []byte, name string) (string, error) {
	uncompressed, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return "", err
	}
	for files := tar.NewReader(uncompressed); ; {
		header, err := files.Next()
		if err != nil {
			return "", fmt.Errorf("find %s in the package: %w", name, err)
		}
		if header.Name == name {
			file, err := io.ReadAll(files)
			return string(file), err
		}
	}
}

// mustBeAccessible runs every rule of axe-core on the page as it is. The script
// comes through the debugger, so the page's own policy stays strict.
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
	for _, scheme := range []string{"light", "dark"} {
		t.Run(scheme, func(t *testing.T) {
			b, redis := open(t, step4)
			b.prefer(scheme)
			eachPage(b, redis, func(page string) { b.mustBeAccessible(page, script) })
		})
	}
	eachStep(t, []string{step1, step2, step3}, func(t *testing.T, step string, b *tab, _ *redistest.Server) {
		b.login("ada")
		b.mustBeAccessible("logged in", script)
	})
}
