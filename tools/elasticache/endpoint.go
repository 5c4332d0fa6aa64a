package elasticache

import (
	"io"
	"net"
	"sync/atomic"
)

// endpoint is one address that leads to whichever node is the primary. As with
// a name in DNS, only new connections see that another one has taken over: an
// open one stays where it is.
type endpoint struct {
	net.Listener
	target atomic.Value // the address of the primary
}

func (e *endpoint) serve() {
	for {
		client, err := e.Accept()
		if err != nil {
			return
		}
		go join(client, e.target.Load().(string))
	}
}

// join carries what the client and the node say to each other, until one of
// them is done.
func join(client net.Conn, addr string) {
	defer client.Close()
	node, err := net.Dial("tcp", addr)
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
