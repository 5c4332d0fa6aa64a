// Package artifact builds the programs that a server in AWS fetches from a
// bucket, and lists their sums.
package artifact

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"example.com/session-workshop/tools/internal/folder"
	"example.com/session-workshop/tools/internal/machine"
	"example.com/session-workshop/tools/internal/progress"
)

// Sums is the name of the file with the checksums of the programs, in the
// format that sha256sum -c reads.
const Sums = "SHA256SUMS"

// IAMToken is the folder of the program that prints tokens for REDIS_AUTH=iam.
const IAMToken = "deploy/iam"

// Build builds the programs in these folders below root for Linux on arch,
// writes them to the folder to, and returns their SHA-256 sums. The same source
// and the same Go version give the same bytes on any machine.
func Build(ctx context.Context, out io.Writer, root string, folders []string, to, arch string) (sums []byte, err error) {
	to, err = filepath.Abs(to)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return nil, err
	}
	// The sums of an earlier build would not be those of a part of this one.
	if err := os.Remove(filepath.Join(to, Sums)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var list strings.Builder
	for _, from := range folders {
		name := from
		if from == IAMToken {
			name = "redis-iam-token"
		}
		file := filepath.Join(to, name)
		if err := buildStatic(ctx, out, filepath.Join(root, from), file, arch); err != nil {
			return nil, err
		}
		program, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(out, "%-16s %5.1f MB\n", name, float64(len(program))/1e6)
		fmt.Fprintf(&list, "%x  %s\n", sha256.Sum256(program), name)
	}
	return []byte(list.String()), folder.WriteFile(filepath.Join(to, Sums), list.String(), 0o644)
}

// buildStatic builds a program that needs no shared library of its server.
func buildStatic(ctx context.Context, out io.Writer, dir, file, arch string) error {
	// Paths of this machine and the state of its checkout would change the
	// checksum of the program.
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", file, ".")
	build.Dir = dir
	build.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
	defer progress.Say(out, fmt.Sprintf("Building %s for linux/%s", filepath.Base(dir), arch))()
	if said, err := machine.Gently(build).CombinedOutput(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("%s does not build for linux/%s:\n%s", dir, arch, bytes.TrimSpace(said))
	}
	return nil
}
