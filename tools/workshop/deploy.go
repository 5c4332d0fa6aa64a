package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"example.com/session-workshop/check/steps"
	"example.com/session-workshop/tools/internal/modules"
)

// deployedProgram is one that runs on a server.
type deployedProgram struct{ folder, name string }

// iamToken is what the steps ask for tokens where REDIS_AUTH is iam. It is not
// always built, because it needs the AWS SDK.
var iamToken = deployedProgram{"deploy/iam", "redis-iam-token"}

// sumsFile lists the programs' sums in the form that sha256sum -c reads.
const sumsFile = "SHA256SUMS"

// runDeployBuild builds what a server in AWS fetches from a bucket.
func runDeployBuild(ctx context.Context, args []string) error {
	flags := newFlags("deploy-build [-arch arm64] [-o DIR] [-iam]")
	arch := flags.String("arch", "arm64", "`architecture` of the server: arm64 or amd64")
	out := flags.String("o", "", "`folder` for what is built (default bin/deploy)")
	iam := flags.Bool("iam", false, "also build redis-iam-token, for REDIS_AUTH=iam; it downloads the AWS SDK")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 || (*arch != "arm64" && *arch != "amd64") {
		return errors.New("deploy-build takes no more than -arch arm64 or -arch amd64, -o and -iam; -h shows them")
	}
	root, err := modules.Root()
	if err != nil {
		return err
	}
	if *out == "" {
		*out = filepath.Join(root, "bin", "deploy")
	}
	var programs []deployedProgram
	for _, step := range steps.Folders {
		programs = append(programs, deployedProgram{step, step})
	}
	if *iam {
		programs = append(programs, iamToken)
	}
	return buildForServer(ctx, root, programs, *out, *arch)
}

// buildForServer builds the programs and lists their sums. The same source
// gives the same bytes on any machine with the same Go.
func buildForServer(ctx context.Context, root string, programs []deployedProgram, out, arch string) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	var sums strings.Builder
	for _, p := range programs {
		file := filepath.Join(out, p.name)
		if err := buildStatic(ctx, filepath.Join(root, p.folder), file, arch); err != nil {
			return err
		}
		program, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		fmt.Printf("%-16s %5.1f MB\n", p.name, float64(len(program))/1e6)
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(program), p.name)
	}
	list := []byte(sums.String())
	if err := os.WriteFile(filepath.Join(out, sumsFile), list, 0o644); err != nil {
		return err
	}
	fmt.Printf("\nBuilt for linux/%s in %s, with their SHA-256 in %s:\n%s", arch, out, sumsFile, list)
	fmt.Printf("\nUpload them:  aws s3 cp --recursive %s s3://YOUR-BUCKET/session-workshop/\n", out)
	fmt.Printf("A server that fetches them should check the sum of %s first:\n%x\n", sumsFile, sha256.Sum256(list))
	return nil
}

// buildStatic builds a program that needs nothing of the server it runs on.
func buildStatic(ctx context.Context, folder, file, arch string) error {
	file, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	// Neither paths of this machine nor the state of its checkout get into
	// the program: they would change its sum.
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", file, ".")
	build.Dir = folder
	build.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
	build.Stdout, build.Stderr = os.Stdout, os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build %s for linux/%s: %w", folder, arch, err)
	}
	return nil
}
