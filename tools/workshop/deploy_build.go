package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"example.com/session-workshop/check/steps"
	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/tools/internal/artifact"
	"example.com/session-workshop/tools/internal/modules"
)

// runDeployBuild builds the programs that a server in AWS downloads from a
// bucket.
func runDeployBuild(ctx context.Context, args []string) error {
	flags := newFlags("deploy-build [-arch arm64] [-o DIR] [-iam]")
	arch := flags.String("arch", "arm64", "`architecture` of the server: arm64 or amd64")
	out := flags.String("o", "", "`folder` for the programs (default bin/deploy)")
	iam := flags.Bool("iam", false, "also build redis-iam-token, for REDIS_AUTH=iam; it downloads the AWS SDK")
	if err := config.ParseFlags(flags, args); err != nil {
		return err
	}
	if flags.NArg() > 0 || (*arch != "arm64" && *arch != "amd64") {
		return errors.New("deploy-build takes only -arch arm64 or -arch amd64, -o and -iam; -h explains them")
	}
	root, err := modules.Root()
	if err != nil {
		return err
	}
	*out = cmp.Or(*out, filepath.Join(root, "bin", "deploy"))
	folders := steps.Folders[:]
	if *iam {
		folders = append(slices.Clone(folders), artifact.IAMToken)
	}
	sums, err := artifact.Build(ctx, stdout, root, folders, *out, *arch)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "\nBuilt for linux/%s in %s, with their SHA-256 in %s:\n%s", *arch, *out, artifact.Sums, sums)
	fmt.Fprintf(stdout, "\nUpload them:  aws s3 cp --recursive %s s3://YOUR-BUCKET/session-workshop/\n", *out)
	fmt.Fprintf(stdout, "A server that fetches them should check the sum of %s first:\n%x\n", artifact.Sums, sha256.Sum256(sums))
	return nil
}
