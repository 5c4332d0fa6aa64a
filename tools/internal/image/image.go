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

// programInImage is the path of the server in the image. It is on Docker's
// default PATH.
const programInImage = "/usr/local/bin/redis-server"

// Make creates the image with that name from a Redis server on this machine. It
// returns the path of that server, and the size of the image in bytes.
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

// serverLayer packs the server and its libraries into a tar archive.
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

// librariesOf lists the libraries of a program by ldd, whose lines look like
// "libm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x00007f…)", and for the
// loader itself "/lib64/ld-linux-x86-64.so.2 (0x00007f…)".
func librariesOf(ctx context.Context, program string) ([]string, error) {
	output, err := exec.CommandContext(ctx, "ldd", program).Output()
	if err != nil {
		return nil, fmt.Errorf("ldd %s, which lists its libraries: %w", program, err)
	}
	if strings.Contains(string(output), "not found") {
		return nil, fmt.Errorf("%s needs a library that this machine does not have:\n%s", program, output)
	}
	var paths []string
	for _, match := range regexp.MustCompile(`(/\S+) \(0x`).FindAllStringSubmatch(string(output), -1) {
		paths = append(paths, match[1])
	}
	return paths, nil
}

// addFile adds the contents of source under the given name. A symbolic link
// becomes a file.
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

// importImage gives the image the same command as the official one, so that
// both are started in the same way. Protected mode would refuse every client
// outside the container.
func importImage(ctx context.Context, layer io.Reader, name string) error {
	docker := exec.CommandContext(ctx, "docker", "import",
		"--change", `CMD ["redis-server", "--protected-mode", "no", "--save", "", "--appendonly", "no"]`,
		"--change", "EXPOSE 6379",
		"-", name)
	docker.Stdin = layer
	if output, err := docker.CombinedOutput(); err != nil {
		return fmt.Errorf("docker import: %w", machine.Said(err, output))
	}
	return nil
}
