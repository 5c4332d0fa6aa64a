package elasticache

import (
	"io"
	"net"
	"sync"
)

// endpoint is one address that leads to whichever node is the primary. As with
// a name in DNS, only new connections see that another one has taken over: an
// open one stays where it is.
type endpoint struct {
	listener net.Listener
	mu       sync.Mutex
	target   string
}

func listen(addr string) (*endpoint, error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &endpoint{listener: listener}, nil
}

func (e *endpoint) addr() string { return e.listener.Addr().String() }

func (e *endpoint) lead(target string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.target = target
}

func (e *endpoint) current() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.target
}

func (e *endpoint) close() { e.listener.Close() }

func (e *endpoint) serve() {
	for {
		client, err := e.listener.Accept()
		if err != nil {
			return
		}
		go e.join(client)
	}
}

// join carries what the client and the node say to each other, until one of
// them is done.
func (e *endpoint) join(client net.Conn) {
	defer client.Close()
	node, err := net.Dial("tcp", e.current())
	if err != nil {
		return
	}
	defer node.Close()
	done := make(chan struct{}, 2)
	for _, way := range [][2]net.Conn{{node, client}, {client, node}} {
		go func() {
			// An error ends the connection, which is all there is to do.
			_, _ = io.Copy(way[0], way[1])
			done <- struct{}{}
		}()
	}
	<-done
}
