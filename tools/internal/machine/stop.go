package machine

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// UntilStopped returns a context that ends if the user presses Ctrl+C, closes the
// terminal, or ends the program. stop gives these signals their default effect again.
func UntilStopped() (ctx context.Context, stop context.CancelFunc) {
	ends := []os.Signal{os.Interrupt, syscall.SIGTERM}
	// SIGHUP means that the terminal was closed. Under nohup it is ignored.
	if !signal.Ignored(syscall.SIGHUP) {
		ends = append(ends, syscall.SIGHUP)
	}
	return signal.NotifyContext(context.Background(), ends...)
}
