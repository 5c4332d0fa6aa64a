package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
)

func main() {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("PORT"))
	if err != nil {
		panic(err)
	}
	var visits atomic.Int64
	// It ends only after the client has seen that it is well.
	well := make(chan struct{})
	var once sync.Once
	http.HandleFunc("/healthz", func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		once.Do(func() { close(well) })
	})
	http.HandleFunc("/end", func(http.ResponseWriter, *http.Request) {
		<-well
		os.Exit(3)
	})
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Println("a visit")
		fmt.Fprintf(w, "%s: visit %d", listener.Addr(), visits.Add(1))
	})
	if file := os.Getenv("ADDRESS_FILE"); file != "" {
		os.WriteFile(file, []byte(listener.Addr().String()), 0o600)
	}
	fmt.Printf("Step 9 is running: http://%s\n", listener.Addr())
	go http.Serve(listener, nil)
	<-stop
}
