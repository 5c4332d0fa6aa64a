// Package image makes a Docker image from this machine's own Redis server.
package image

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"

	"example.com/session-workshop/tools/internal/machine"
)

// programInImage is the server in the image. Docker's standard PATH finds it.
const programInImage = "/usr/local/bin/redis-server"

// Make makes the image under that name. It returns the path of the server it is
// made from, and the size of the image.
func Make(ctx context.Context, name string) (server string, size int, err error) {
	if err := machine.AskDocker(ctx); err != nil {
		return "", 0, err
	}
	if server, err = machine.FindServer(ctx); err != nil {
		return "", 0, err
	}
	layer, err := serverLayer(ctx, server)
	if err != nil {
		return "", 0, err
	}
	size = layer.Len()
	return server, size, importImage(ctx, layer, name)
}

// serverLayer packs the server and the libraries it needs.
func serverLayer(ctx context.Context, server string) (*bytes.Buffer, error) {
	libraries, err := librariesOf(ctx, server)
	if err != nil {
		return nil, err
	}
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	if err := addFile(w, programInImage, server); err != nil {
		return nil, err
	}
	for _, library := range libraries {
		if err := addFile(w, library, library); err != nil {
			return nil, err
		}
	}
	return &layer, w.Close()
}

// librariesOf asks the machine's own loader, whose lines look like
// "libm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x00007f…)", and for the
// loader itself "/lib64/ld-linux-x86-64.so.2 (0x00007f…)".
func librariesOf(ctx context.Context, program string) ([]string, error) {
	output, err := exec.CommandContext(ctx, "ldd", program).Output()
	if err != nil {
		return nil, fmt.Errorf("ldd %s, which tells the libraries it needs: %w", program, err)
	}
	if strings.Contains(string(output), "not found") {
		return nil, fmt.Errorf("%s misses a library on this machine:\n%s", program, output)
	}
	var paths []string
	for _, match := range regexp.MustCompile(`(/\S+) \(0x`).FindAllStringSubmatch(string(output), -1) {
		paths = append(paths, match[1])
	}
	return paths, nil
}

// addFile puts the contents of source under the given name: what is a link
// here becomes a file there.
func addFile(w *tar.Writer, name, source string) error {
	file, err := os.Open(source)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	header := &tar.Header{Name: strings.TrimPrefix(name, "/"), Mode: 0o755, Size: info.Size(), ModTime: info.ModTime()}
	if err := w.WriteHeader(header); err != nil {
		return err
	}
	_, err = io.Copy(w, file)
	return err
}

// importImage gives the image the command that the official one has too, so
// that both are started in the same way. Protected mode would refuse everybody
// outside the container.
func importImage(ctx context.Context, layer io.Reader, name string) error {
	docker := exec.CommandContext(ctx, "docker", "import",
		"--change", `CMD ["redis-server", "--protected-mode", "no", "--save", "", "--appendonly", "no"]`,
		"--change", "EXPOSE 6379",
		"-", name)
	docker.Stdin = layer
	if output, err := docker.CombinedOutput(); err != nil {
		return fmt.Errorf("docker import: %w: %s", err, machine.LastLine(output))
	}
	return nil
}
