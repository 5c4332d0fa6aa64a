package embedded

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// maxCommand is the limit for a command, in words and in bytes.
const maxCommand = 1 << 20

// writeTimeout is for a client that does not read its answer. All others may wait for
// it, because miniredis can hold its lock while it writes.
const writeTimeout = 250 * time.Millisecond

var errProtocol = errors.New("this is not a command in the form of RESP")

// door is a connection that passes whole commands only: arrays of one or more bulk
// strings (https://redis.io/docs/latest/develop/reference/protocol-spec/). Any other
// bytes end the connection, because they could end the process in miniredis. So does
// a line of plain text, which a Redis accepts as a command: any page in a browser can
// send one.
type door struct {
	net.Conn
	in     *bufio.Reader
	passed bytes.Buffer
}

func (d *door) Write(p []byte) (int, error) {
	n, err := 0, d.SetWriteDeadline(time.Now().Add(writeTimeout))
	if err == nil {
		n, err = d.Conn.Write(p)
	}
	if err != nil {
		d.Close()
	}
	return n, err
}

func (d *door) Read(p []byte) (int, error) {
	if d.passed.Len() == 0 {
		if err := d.next(); err != nil {
			if errors.Is(err, errProtocol) {
				_, _ = io.WriteString(d, "-ERR Protocol error: "+errProtocol.Error()+", which redis-cli sends\r\n")
			}
			return 0, err
		}
	}
	return d.passed.Read(p)
}

// next reads one command into passed.
func (d *door) next() error {
	words, err := d.number('*')
	if err != nil || words == 0 {
		return cmp.Or(err, errProtocol)
	}
	for range words {
		size, err := d.number('$')
		if err != nil {
			return err
		}
		if _, err := io.CopyN(&d.passed, d.in, int64(size)+2); err != nil || d.passed.Len() > maxCommand {
			return cmp.Or(err, errProtocol)
		}
	}
	return nil
}

// number reads a line like $5 into passed.
func (d *door) number(kind byte) (int, error) {
	line, err := d.in.ReadSlice('\n')
	if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
		return 0, err
	}
	n, err := strconv.ParseUint(string(bytes.TrimSpace(line[1:])), 10, 20)
	if err != nil || line[0] != kind {
		return 0, errProtocol
	}
	fmt.Fprintf(&d.passed, "%c%d\r\n", kind, n)
	return int(n), nil
}
