// A wrong app: it answers every request with hello, and ends with status 3.
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("PORT"))
	if err != nil {
		panic(err)
	}
	fmt.Printf("Step 9 is running: http://%s\n", listener.Addr())
	fmt.Printf("built with -race: %v\n", builtWithRace())
	fmt.Printf("settings: %q %q %q\n", os.Getenv("REDIS_URL"), os.Getenv("SESSION_TTL"), os.Getenv("SECRET_KEY"))
	go http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "hello")
	}))
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	<-stop
	os.Exit(3)
}

func builtWithRace() bool {
	info, _ := debug.ReadBuildInfo()
	for _, setting := range info.Settings {
		if setting.Key == "-race" {
			return setting.Value == "true"
		}
	}
	return false
}
