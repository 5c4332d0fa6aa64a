// Package kit packs what a classroom without internet access needs: the
// workshop, the Go modules of all its parts, and an image of Redis.
package kit

import (
	"archive/zip"
	"compress/gzip"
	"context"
	"embed"
	"errors"
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

	"example.com/session-workshop/tools/internal/machine"
	"example.com/session-workshop/tools/internal/modules"
	"example.com/session-workshop/tools/internal/progress"
)

// Name is the name of the archive, and of the one folder in it.
const Name = "session-workshop-offline"

// files are the files beside the workshop in the archive.
//
//go:embed files/README.md files/setup.go
var files embed.FS

// Kit builds the archive.
type Kit struct {
	// Root is the folder of the repository.
	Root string
	// Out receives a report of what goes into the archive.
	Out io.Writer
	// WithImage adds an image of Redis if Docker has one or can pull it.
	WithImage bool

	archive *zip.Writer
	temp    string // a temporary folder
}

// Write writes the archive. If it fails, an existing file stays as it was.
func (k *Kit) Write(ctx context.Context, file string) (err error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	if k.temp, err = os.MkdirTemp("", Name+"-"); err != nil {
		return err
	}
	defer os.RemoveAll(k.temp)
	out, err := os.CreateTemp(filepath.Dir(file), Name+"-*.tmp")
	if err != nil {
		return err
	}
	defer os.Remove(out.Name())
	k.archive = zip.NewWriter(out)
	if err := errors.Join(k.fill(ctx), k.archive.Close(), out.Chmod(0o644), out.Close()); err != nil {
		return err
	}
	return os.Rename(out.Name(), file)
}

func (k *Kit) fill(ctx context.Context) error {
	ours, err := fs.Sub(files, "files")
	if err != nil {
		return err
	}
	if _, err := k.addFolder("", ours); err != nil {
		return err
	}
	if err := k.addRepository(ctx); err != nil {
		return err
	}
	if err := k.addModules(ctx); err != nil || !k.WithImage {
		return err
	}
	image, err := machine.RedisImage(ctx)
	if err != nil {
		fmt.Fprintf(k.Out, "Redis image: none (%v). The workshop also runs without it, on its embedded Redis.\n", err)
		return nil
	}
	fmt.Fprintln(k.Out, "Redis image:", image)
	return k.addImage(ctx, image)
}

// create begins a file of the archive. A file that is already compressed is not
// compressed again.
func (k *Kit) create(name string) (io.Writer, error) {
	header := &zip.FileHeader{Name: path.Join(Name, name), Method: zip.Deflate}
	if ending := path.Ext(name); ending == ".zip" || ending == ".gz" {
		header.Method = zip.Store
	}
	header.SetMode(0o644)
	return k.archive.CreateHeader(header)
}

// addFolder adds the files of a folder and returns their number. With endings,
// it adds only the files with these endings.
func (k *Kit) addFolder(name string, folder fs.FS, endings ...string) (n int, err error) {
	err = fs.WalkDir(folder, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || (endings != nil && !slices.Contains(endings, path.Ext(file))) {
			return err
		}
		content, err := fs.ReadFile(folder, file)
		if err != nil {
			return err
		}
		added, err := k.create(path.Join(name, file))
		if err == nil {
			_, err = added.Write(content)
		}
		n++
		return err
	})
	return n, err
}

// addRepository adds the last commit, and reports the files that are not
// committed yet.
func (k *Kit) addRepository(ctx context.Context) error {
	changes, err := k.git(ctx, "status", "--porcelain")
	if err != nil {
		return fmt.Errorf("this folder is not a clone of its repository, or git is missing: clone the workshop with git (%w)", err)
	}
	if n := strings.Count(changes, "\n"); n > 0 {
		fmt.Fprintf(k.Out, "The archive contains the last commit. %d files that you changed since then are not in it.\n", n)
	}
	file := filepath.Join(k.temp, "repository.zip")
	if _, err := k.git(ctx, "archive", "--format=zip", "--prefix="+Name+"/workshop/", "--output="+file, "HEAD"); err != nil {
		return err
	}
	repository, err := zip.OpenReader(file)
	if err != nil {
		return err
	}
	defer repository.Close()
	for _, file := range repository.File {
		if file.FileInfo().IsDir() {
			continue
		}
		if err := k.archive.Copy(file); err != nil {
			return err
		}
	}
	return nil
}

func (k *Kit) git(ctx context.Context, args ...string) (string, error) {
	output, err := exec.CommandContext(ctx, "git", append([]string{"-c", "safe.directory=*", "-C", k.Root}, args...)...).Output()
	return string(output), machine.WithStderr(err)
}

// addModules has the go command fill an empty module cache with exactly what it
// needs to build and test everything, and packs the result.
func (k *Kit) addModules(ctx context.Context) error {
	fmt.Fprintln(k.Out, "Fetching the Go modules for Linux, macOS and Windows.")
	cache := filepath.Join(k.temp, "modules")
	if err := k.fetchModules(ctx, cache); err != nil {
		return err
	}
	// The go command must create the other files itself: only then are the sums
	// of the zips those of the copies that arrived.
	n, err := k.addFolder("modules", os.DirFS(filepath.Join(cache, "cache", "download")), ".info", ".mod", ".zip")
	fmt.Fprintf(k.Out, "Go modules: %d files\n", n)
	return err
}

func (k *Kit) fetchModules(ctx context.Context, cache string) error {
	proxy, err := proxies(ctx)
	if err != nil {
		return err
	}
	found, err := modules.Find(ctx, k.Root)
	if err != nil {
		return err
	}
	// Each module of the workspace must also build alone, as a learner's own
	// copy of a step does.
	all := append(found.Packages(), found.EachAlone()...)
	for _, system := range modules.Systems {
		for _, p := range all {
			list := p.Command(ctx, "go", "list", "-deps", "-test")
			list.Env = append(list.Env, "GOOS="+system, "GOMODCACHE="+cache, "GOPROXY="+proxy, "GOFLAGS=-modcacherw -buildvcs=false")
			list.Stdout = nil
			done := progress.Say(k.Out, fmt.Sprintf("  for %s: %s", system, filepath.Base(p.Dir)))
			err := list.Run()
			done()
			if err != nil {
				return fmt.Errorf("the Go modules of %s cannot be fetched: %w", p.Dir, err)
			}
		}
	}
	return nil
}

// proxies returns a GOPROXY that begins with this machine's module cache, so
// that modules in it are not downloaded again.
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

// addImage packs the image in the format that `docker load` reads.
func (k *Kit) addImage(ctx context.Context, image string) error {
	entry, err := k.create("redis/image.tar.gz")
	if err != nil {
		return err
	}
	compressed := gzip.NewWriter(entry)
	var problems strings.Builder
	save := exec.CommandContext(ctx, "docker", "save", image)
	save.Stdout, save.Stderr = compressed, &problems
	if err := save.Run(); err != nil {
		return fmt.Errorf("docker save: %w", machine.Said(err, []byte(problems.String())))
	}
	return compressed.Close()
}
