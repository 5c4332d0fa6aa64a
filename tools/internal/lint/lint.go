// Package lint runs linters over all modules of the repository.
package lint

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"example.com/session-workshop/tools/internal/modules"
	"example.com/session-workshop/tools/internal/progress"
)

// The versions are pinned, so that the same source always gets the same
// findings.
const (
	golangci    = "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0"
	govulncheck = "golang.org/x/vuln/cmd/govulncheck@v1.9.0"
	actionlint  = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12"
	composeLint = "github.com/compose-spec/compose-go/v2/cmd@v2.16.2"
	// Later versions need a commit that the Go module proxy does not serve.
	vale = "github.com/vale-cli/vale/v3/cmd/vale@v3.22.0"
)

// Run runs every linter, and fails if one of them finds something. database is
// the URL of the list of known security holes. If it cannot be reached,
// unreachable says why, and govulncheck has not run.
func Run(ctx context.Context, root, database string) (unreachable, err error) {
	found, err := modules.Find(ctx, root)
	if err != nil {
		return nil, err
	}
	unreachable = askDatabase(ctx, database)
	var errs []error
	for _, p := range found.EachAlone() {
		name := filepath.Base(p.Dir)
		// Its rules are in .golangci.yml, which editors read too.
		errs = append(errs, run(ctx, "golangci-lint in "+name, p.Command(ctx, "go", "run", golangci, "run")))
		for _, system := range modules.Systems {
			if system != runtime.GOOS {
				errs = append(errs, run(ctx, "go vet for "+system+" in "+name, vetFor(ctx, p, system)))
			}
		}
		// It refuses a folder without a go.mod, such as the folder of go.work.
		if unreachable == nil {
			errs = append(errs, run(ctx, "govulncheck in "+name, p.Command(ctx, "go", "run", govulncheck, "-db", database)))
		}
	}
	return unreachable, errors.Join(append(errs,
		run(ctx, "vale", prose(ctx, root)),
		lintFile(ctx, root, "actionlint", actionlint, ".github/workflows/test.yml"),
		lintFile(ctx, root, "compose-go", composeLint, "compose.yaml"))...)
}

// vetFor vets packages and their tests for another system, which also compiles
// them.
func vetFor(ctx context.Context, p modules.Packages, system string) *exec.Cmd {
	vet := p.Command(ctx, "go", "vet")
	vet.Env = append(vet.Env, "GOOS="+system, "CGO_ENABLED=0")
	return vet
}

// prose is the command that looks for words to avoid and for spelling mistakes
// in English texts, comments and messages; .vale.ini says which.
func prose(ctx context.Context, root string) *exec.Cmd {
	lint := modules.Packages{Dir: root, Pattern: "."}.Command(ctx, "go", "run", vale, "--no-global", "--output=line")
	// Its parsers are in C. With this setting a missing C compiler is named.
	lint.Env = append(lint.Env, "CGO_ENABLED=1")
	return lint
}

// lintFile runs a linter on a file that is not Go. One of the linters prints
// its errors to standard error, and to standard output the file as it
// understood it; the other prints its findings to standard output.
func lintFile(ctx context.Context, root, name, linter, file string) error {
	lint := modules.Packages{Dir: root, Pattern: file}.Command(ctx, "go", "run", linter)
	var said bytes.Buffer
	lint.Stdout = &said
	err := run(ctx, name, lint)
	if err != nil {
		os.Stderr.Write(said.Bytes())
	}
	return err
}

// run runs a linter, and says so: its first run compiles it, which takes minutes.
// The linter prints what it finds.
func run(ctx context.Context, name string, linter *exec.Cmd) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	done := progress.Say(os.Stdout, name)
	err := linter.Run()
	done()
	if err != nil {
		return fmt.Errorf("%s found something, or did not run (see above)", name)
	}
	return nil
}

func askDatabase(ctx context.Context, database string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, database+"/index/db.json", nil)
	if err != nil {
		return fmt.Errorf("%q is not a URL of its database: %w", database, err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("its database cannot be reached: %w", err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("its database %s answers %s", database, response.Status)
	}
	return nil
}
