package embedded

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
)

// maxCommand bounds a command, in words and in bytes.
const maxCommand = 1 << 20

var errProtocol = errors.New("this is not a command in the form of RESP")

// door is a connection that lets in whole commands, arrays of one or more bulk
// strings (https://redis.io/docs/latest/develop/reference/protocol-spec/). What
// else a client sends ends its connection: miniredis would end the process.
type door struct {
	net.Conn
	in     *bufio.Reader
	passed bytes.Buffer
}

func (d *door) Read(p []byte) (int, error) {
	if d.passed.Len() == 0 {
		if err := d.next(); err != nil {
			return 0, err
		}
	}
	return d.passed.Read(p)
}

func (d *door) next() error {
	words, err := d.number('*')
	if err != nil || words == 0 {
		return errors.Join(errProtocol, err)
	}
	for range words {
		size, err := d.number('$')
		if err != nil {
			return err
		}
		if _, err := io.CopyN(&d.passed, d.in, int64(size)+2); err != nil || d.passed.Len() > maxCommand {
			return errors.Join(errProtocol, err)
		}
	}
	return nil
}

// number reads a line like $5 and passes it on.
func (d *door) number(kind byte) (int, error) {
	line, err := d.in.ReadSlice('\n')
	if err != nil || line[0] != kind {
		return 0, errors.Join(errProtocol, err)
	}
	n, err := strconv.ParseUint(string(bytes.TrimSpace(line[1:])), 10, 20)
	fmt.Fprintf(&d.passed, "%c%d\r\n", kind, n)
	return int(n), err
}
