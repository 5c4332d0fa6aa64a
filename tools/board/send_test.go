package board_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/tools/board"
)

func send(ctx context.Context, address string) error {
	return board.Send(ctx, address, lang.English, board.Progress{Name: "ada", Step: 3, Passed: 12, Total: 21})
}

func TestAnInvalidAddressIsRefused(t *testing.T) {
	for _, address := range []string{
		"", "k7f3qz", "192.168.1.20:5050/k7f3qz", "ftp://192.168.1.20/k7f3qz", "http:///k7f3qz",
		"http://192.168.1.20:5050", "http://192.168.1.20:5050/", "http://192.168.1.20:5050/k7f", "http://192.168.1.20:5050/k7f3qz/table", "http://192.168.1.20:x/k7f3qz",
	} {
		wantError(t, send(t.Context(), address), "BOARD: ", "is not the address of a class board", "for example http://192.168.1.20:5050/k7f3qz")
	}
}

func TestNoServerAnswers(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	wantError(t, send(t.Context(), "http://"+address+"/k7f3qz"), "BOARD: no server answers on "+address, "Does the board still run")
	wantError(t, send(t.Context(), "http://board.invalid:5050/k7f3qz"), `BOARD: no machine has the name "board.invalid"`)
}

// If a board hangs, Send gives up when the context ends, or after its own limit.
func TestSendGivesUpABoardThatHangs(t *testing.T) {
	testall.Only(t)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	release := make(chan struct{})
	half := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte(`{"board":`))
		w.(http.Flusher).Flush()
		<-release
	}))
	defer half.Close()
	defer close(release)
	for _, address := range []string{"http://" + silent.Addr().String(), half.URL} {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		wantError(t, send(ctx, address+"/k7f3qz"), "BOARD: no answer from "+strings.TrimPrefix(address, "http://")+" in time")
	}
	wantError(t, send(t.Context(), half.URL+"/k7f3qz"), "BOARD: no answer from ")
}

func TestAServerThatIsNotABoard(t *testing.T) {
	for what, handler := range map[string]http.HandlerFunc{
		"404":        http.NotFound,
		"a page":     func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("<h1>Welcome</h1>")) },
		"other JSON": func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(`{"problem":"none"}`)) },
		"too much": func(w http.ResponseWriter, _ *http.Request) {
			w.Write([]byte(`{"board":"` + strings.Repeat("x", 1<<20)))
		},
		"a login page": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://login.invalid/", http.StatusFound)
		},
		"no HTTP": func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				conn.Write([]byte("220 welcome\r\n"))
				conn.Close()
			}
		},
	} {
		t.Run(what, func(t *testing.T) {
			other := httptest.NewServer(handler)
			defer other.Close()
			wantError(t, send(t.Context(), other.URL+"/k7f3qz"), "BOARD: the server on "+strings.TrimPrefix(other.URL, "http://")+" is not a class board")
		})
	}
}

func TestAnAnswerCannotControlTheTerminal(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte(`{"board":"session-workshop","problem":"\u001b[31mred\u0007\nline"}`))
	}))
	defer other.Close()
	if err := send(t.Context(), other.URL+"/k7f3qz"); err == nil || err.Error() != "BOARD: [31mredline" {
		t.Errorf("got %q", err)
	}
}
