package main

import (
	"archive/tar"
	"archive/zip"
	"cmp"
	"compress/gzip"
	"context"
	_ "embed"
	"errors"
	"example.com/session-workshop/tools/internal/machine"
	"example.com/session-workshop/tools/internal/modules"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// kit is the name of the archive and of the one folder in it.
const kit = "session-workshop-offline"

//go:embed offline/README.md
var kitReadme []byte

//go:embed offline/setup.go
var kitSetup []byte

// kitSystems are those of the machines in a room. A module may be needed on
// one of them only.
var kitSystems = []string{"linux", "darwin", "windows"}

// runOffline packs all that a room without a network needs.
func runOffline(ctx context.Context, args []string) error {
	flags := newFlags("offline [-o FILE] [-image=false]")
	file := flags.String("o", "", "`file` to write (default bin/"+kit+".zip)")
	withImage := flags.Bool("image", true, "add an image of Redis, where Docker has or can pull one")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("offline: %q is not an option; -h lists them", flags.Arg(0))
	}
	root, err := modules.Root()
	if err != nil {
		return err
	}
	*file = cmp.Or(*file, filepath.Join(root, "bin", kit+".zip"))
	if err := makeKit(ctx, root, *file, *withImage); err != nil {
		return fmt.Errorf("offline: %w", err)
	}
	info, err := os.Stat(*file)
	if err != nil {
		return err
	}
	fmt.Printf("\n%s is ready, %.0f MB. In the room: unpack it, go run setup.go\n", *file, float64(info.Size())/1e6)
	fmt.Println("It does not hold Go: take the installers from https://go.dev/dl/ along.")
	return nil
}

// makeKit writes the archive beside its final place first, so that a failure
// leaves the old one.
func makeKit(ctx context.Context, root, file string, withImage bool) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	out, err := os.CreateTemp(filepath.Dir(file), kit+"-*.tmp")
	if err != nil {
		return err
	}
	defer os.Remove(out.Name())
	w := zip.NewWriter(out)
	err = fillKit(ctx, w, root, withImage)
	if err = errors.Join(err, w.Close(), out.Close()); err != nil {
		return err
	}
	if err := os.Chmod(out.Name(), 0o644); err != nil {
		return err
	}
	return os.Rename(out.Name(), file)
}

func fillKit(ctx context.Context, w *zip.Writer, root string, withImage bool) error {
	for name, text := range map[string][]byte{"README.md": kitReadme, "setup.go": kitSetup} {
		if err := addToKit(w, name, 0o644, strings.NewReader(string(text))); err != nil {
			return err
		}
	}
	if err := addRepository(ctx, w, root); err != nil {
		return err
	}
	if err := addModules(ctx, w, root); err != nil {
		return err
	}
	if !withImage {
		return nil
	}
	image, err := machine.RedisImage(ctx)
	if err != nil {
		fmt.Printf("Redis image: none, the workshop brings a Redis along without it (%v).\n", err)
		return nil
	}
	fmt.Println("Redis image:", image)
	return addImage(ctx, w, image)
}

// addToKit stores what is compressed already as it is.
func addToKit(w *zip.Writer, name string, mode fs.FileMode, content io.Reader) error {
	header := &zip.FileHeader{Name: path.Join(kit, name), Method: zip.Deflate}
	if ending := path.Ext(name); ending == ".zip" || ending == ".gz" {
		header.Method = zip.Store
	}
	header.SetMode(mode)
	entry, err := w.CreateHeader(header)
	if err == nil {
		_, err = io.Copy(entry, content)
	}
	return err
}

// addRepository adds the last commit. What is not committed yet is named.
func addRepository(ctx context.Context, w *zip.Writer, root string) error {
	changes, err := gitOutput(ctx, root, "status", "--porcelain")
	if err != nil {
		return fmt.Errorf("the workshop here is no clone of its repository, or git is missing: clone it with git (%w)", err)
	}
	if n := strings.Count(changes, "\n"); n > 0 {
		fmt.Printf("The archive gets the last commit. %d files that you changed since are not in it.\n", n)
	}
	archive := exec.CommandContext(ctx, "git", "-c", "safe.directory=*", "-C", root, "archive", "--format=tar", "HEAD")
	return pipe(archive, func(output io.Reader) error {
		files := tar.NewReader(output)
		for {
			header, err := files.Next()
			if err == io.EOF {
				return nil
			}
			if err == nil && header.Typeflag == tar.TypeReg {
				err = addToKit(w, path.Join("workshop", header.Name), header.FileInfo().Mode().Perm(), files)
			}
			if err != nil {
				return err
			}
		}
	})
}

func gitOutput(ctx context.Context, root string, args ...string) (string, error) {
	output, err := exec.CommandContext(ctx, "git", append([]string{"-c", "safe.directory=*", "-C", root}, args...)...).Output()
	return string(output), err
}

// pipe hands the output of a command to read, and returns the error of either.
func pipe(cmd *exec.Cmd, read func(io.Reader) error) error {
	var problems strings.Builder
	cmd.Stderr = &problems
	output, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	err = read(output)
	// Read to its end, or the command would wait for us.
	_, _ = io.Copy(io.Discard, output)
	if failed := cmd.Wait(); failed != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), failed, machine.LastLine([]byte(problems.String())))
	}
	return err
}

// addModules lets the go command fill an empty module cache with exactly what
// it needs to build and test everything, and packs that.
func addModules(ctx context.Context, w *zip.Writer, root string) error {
	cache, err := os.MkdirTemp("", kit+"-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(cache)
	fmt.Println("Fetching the Go modules for Linux, macOS and Windows.")
	if err := fetchModules(ctx, root, cache); err != nil {
		return err
	}
	downloads := os.DirFS(filepath.Join(cache, "cache", "download"))
	modules := 0
	err = fs.WalkDir(downloads, ".", func(name string, entry fs.DirEntry, err error) error {
		// The go command makes the rest itself. It must: the sums of the zips
		// are then those of the copies that arrived.
		if err != nil || entry.IsDir() || !slices.Contains([]string{".info", ".mod", ".zip"}, path.Ext(name)) {
			return err
		}
		if path.Ext(name) == ".zip" {
			modules++
		}
		file, err := downloads.Open(name)
		if err != nil {
			return err
		}
		defer file.Close()
		return addToKit(w, path.Join("modules", name), 0o644, file)
	})
	if err == nil {
		fmt.Printf("Go modules: %d\n", modules)
	}
	return err
}

func fetchModules(ctx context.Context, root, cache string) error {
	proxy, err := proxies(ctx)
	if err != nil {
		return err
	}
	found, err := modules.Find(ctx, root)
	if err != nil {
		return err
	}
	// Each module of the workspace also by itself, as a learner's own copy of
	// a step is.
	all := found.Packages()
	for _, dir := range found.Workspace {
		all = append(all, modules.Alone(dir))
	}
	for _, system := range kitSystems {
		for _, p := range all {
			list := p.Command(ctx, "go", "list", "-deps", "-test")
			list.Env = append(list.Env, "GOOS="+system, "GOMODCACHE="+cache, "GOPROXY="+proxy, "GOFLAGS=-modcacherw -buildvcs=false")
			list.Stdout = nil
			if err := list.Run(); err != nil {
				return fmt.Errorf("the Go modules of %s cannot be fetched: %w", p.Dir, err)
			}
		}
	}
	return nil
}

// proxies puts this machine's own module cache before the proxies that the go
// command asks: what is there already is not fetched again.
func proxies(ctx context.Context) (string, error) {
	output, err := exec.CommandContext(ctx, "go", "env", "GOMODCACHE", "GOPROXY").Output()
	if err != nil {
		return "", fmt.Errorf("go env: %w", err)
	}
	cache, proxy, _ := strings.Cut(strings.TrimSpace(string(output)), "\n")
	downloads := filepath.ToSlash(filepath.Join(strings.TrimSpace(cache), "cache", "download"))
	if !strings.HasPrefix(downloads, "/") {
		downloads = "/" + downloads // C:/Users/…
	}
	return (&url.URL{Scheme: "file", Path: downloads}).String() + "," + strings.TrimSpace(proxy), nil
}

// addImage packs the image as `docker load` reads it.
func addImage(ctx context.Context, w *zip.Writer, image string) error {
	return pipe(exec.CommandContext(ctx, "docker", "save", image), func(output io.Reader) error {
		compressed, out := io.Pipe()
		go func() {
			gz := gzip.NewWriter(out)
			_, err := io.Copy(gz, output)
			out.CloseWithError(errors.Join(err, gz.Close()))
		}()
		err := addToKit(w, "redis/image.tar.gz", 0o644, compressed)
		compressed.CloseWithError(err)
		return err
	})
}
