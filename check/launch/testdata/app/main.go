// The app that the tests of package launch run. Its first argument says how
// it behaves.
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
)

func main() {
	switch os.Args[1] {
	case "serve":
		serve(http.StatusOK)
		os.Exit(0)
	case "serve-then-fail":
		serve(http.StatusOK)
		os.Exit(3)
	case "unhealthy":
		serve(http.StatusServiceUnavailable)
	case "stubborn":
		signal.Ignore(syscall.SIGTERM)
		serve(http.StatusOK)
	case "fail":
		fmt.Fprintln(os.Stderr, "REDIS_URL: no answer")
		os.Exit(1)
	case "silent":
		select {}
	}
}

// serve answers /healthz: first 503, as an app that is still warming up, then
// with the status given. It ends at SIGTERM.
func serve(status int) {
	var asked atomic.Bool
	http.HandleFunc("/healthz", func(w http.ResponseWriter, r *http.Request) {
		if asked.Swap(true) {
			fmt.Println("asked again")
			w.WriteHeader(status)
			return
		}
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	http.HandleFunc("/env", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, os.Getenv("LAUNCH_TEST"))
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Printf("Step 9 is running: http://%s\n", listener.Addr())
	fmt.Fprintln(os.Stderr, "a line on standard error")
	go http.Serve(listener, nil)
	stop := make(chan os.Signal, 1)
	if !signal.Ignored(syscall.SIGTERM) {
		signal.Notify(stop, syscall.SIGTERM)
	}
	<-stop
	fmt.Println("goodbye")
}
