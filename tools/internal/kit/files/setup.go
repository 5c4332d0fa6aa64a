// Command setup prepares this machine for the workshop without a network. Run
// it in the folder of the unpacked archive:
//
//	go run setup.go
//
// It copies the Go modules to the module cache, where the go command looks
// first, loads the image of Redis if Docker answers, and then runs the
// workshop's doctor. It changes no setting.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

const (
	workshop = "workshop"
	modules  = "modules"
	image    = "redis/image.tar.gz"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := setUp(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "setup:", err)
		os.Exit(1)
	}
	fmt.Print("The workshop is in the folder ", workshop, ". Is this machine ready?\n\n")
	os.Exit(runDoctor(ctx))
}

func setUp(ctx context.Context) error {
	for _, folder := range []string{workshop, modules} {
		if info, err := os.Stat(folder); err != nil || !info.IsDir() {
			return fmt.Errorf("there is no folder %s here. Unpack the whole archive, and run this in the folder of setup.go", folder)
		}
	}
	output, err := exec.CommandContext(ctx, "go", "env", "GOMODCACHE").Output()
	if err != nil {
		return fmt.Errorf("go env GOMODCACHE: %w", err)
	}
	// The cache has the layout of a module proxy, and so has the archive
	// (https://go.dev/ref/mod#module-cache).
	cache := filepath.Join(strings.TrimSpace(string(output)), "cache", "download")
	n, err := copyMissing(ctx, modules, cache)
	if err != nil {
		return fmt.Errorf("copy the Go modules: %w", err)
	}
	fmt.Printf("Go modules: %d files copied to the module cache.\n", n)
	loadImage(ctx)
	return nil
}

// copyMissing copies the files that do not exist yet, and returns their number.
func copyMissing(ctx context.Context, from, to string) (int, error) {
	n := 0
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		relative, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, relative)
		if _, err := os.Stat(target); err == nil {
			return nil
		}
		n++
		return errors.Join(ctx.Err(), copyFile(path, target))
	})
	return n, err
}

// copyFile renames the copy to its final name when it is complete, so that an
// interrupt leaves no half of a module.
func copyFile(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.CreateTemp(filepath.Dir(to), "setup-*.tmp")
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	if err = errors.Join(err, target.Close()); err == nil {
		err = os.Chmod(target.Name(), 0o644)
	}
	if err == nil {
		err = os.Rename(target.Name(), to)
	}
	if err != nil {
		os.Remove(target.Name())
	}
	return err
}

// loadImage ignores errors: the workshop has an embedded Redis and runs without
// the image.
func loadImage(ctx context.Context) {
	if _, err := os.Stat(image); err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	output, err := exec.CommandContext(ctx, "docker", "load", "--input", image).CombinedOutput()
	if err != nil {
		fmt.Println("Redis image: not loaded, because Docker does not answer here. The workshop runs without it.")
		return
	}
	fmt.Printf("Redis image: %s\n", strings.TrimSpace(string(output)))
}

// runDoctor builds the doctor first, because go run would hide its exit status.
func runDoctor(ctx context.Context) int {
	build := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", "bin/", "./tools/doctor")
	// A Go that is too old must say so, and not download a newer one.
	build.Env = append(os.Environ(), "GOTOOLCHAIN=local")
	name := "doctor"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	here, err := os.Getwd()
	if err != nil {
		fmt.Fprintln(os.Stderr, "setup:", err)
		return 1
	}
	doctor := exec.CommandContext(ctx, filepath.Join(here, workshop, "bin", name))
	for _, cmd := range []*exec.Cmd{build, doctor} {
		cmd.Dir = workshop
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		err := cmd.Run()
		if err != nil && cmd.ProcessState == nil {
			fmt.Fprintln(os.Stderr, "setup: the doctor does not run:", err)
			return 1
		}
		if err != nil {
			return max(1, cmd.ProcessState.ExitCode())
		}
	}
	return 0
}
