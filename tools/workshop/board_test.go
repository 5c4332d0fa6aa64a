package main_test

import (
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"example.com/session-workshop/check/redistest"
)

func TestTheBoardSaysWhatToTypeAndForgetsNothingAtCtrlC(t *testing.T) {
	redis := redistest.StartServer(t, "--requirepass", "secret-of-redis")
	env := []string{"PORT=0", "REDIS_URL=" + redis.URL}
	board := start(t, ".", env, "board")
	board.waitFor("Stop it: (Ctrl)", 1)
	home := board.waitFor(`The class board is running: (http://127\.0\.0\.1:\d+)\n`, 1)
	join := board.waitFor(`Join code: (\S+)\n`, 1)
	projector := board.waitFor(`For the projector: (\S+)\n`, 1)
	board.waitFor(`Teacher's code, for you alone: \S+ on `+home+"/"+join+"/teacher\n", 1)
	typed := board.waitFor(`  (make check3 BOARD=`+projector+` NAME=your-name)\n`, 1)
	if strings.Contains(board.said(), "secret-of-redis") {
		t.Errorf("a password is printed:\n%s", board.said())
	}
	wantText(t, board.said(), "Everybody in this network can reach it", "It speaks plain HTTP")
	visitor := newBrowser(t)
	// What others type is on the page, whoever asks from here.
	wantText(t, visitor.visit(home+"/"+join), typed)
	for _, address := range othersAddresses(t) {
		response, err := http.Get("http://" + net.JoinHostPort(address, port(strings.TrimPrefix(home, "http://"))) + "/" + join)
		wantText(t, visitor.text(response, err), "BOARD=http://"+address+":")
		wantText(t, board.said(), "http://"+address+":")
	}
	board.stop()
	again := start(t, ".", env, "board", "-host", "127.0.0.1")
	again.waitFor("Join code: "+join+"\n", 1)
	again.waitFor("Only this machine can reach it", 1)
	again.stop()
}

// othersAddresses are those of this machine's networks.
func othersAddresses(t *testing.T) (ips []string) {
	t.Helper()
	all, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range all {
		if network, ok := address.(*net.IPNet); ok && network.IP.To4() != nil && !network.IP.IsLoopback() && !network.IP.IsLinkLocalUnicast() {
			ips = append(ips, network.IP.String())
		}
	}
	return ips
}

func TestTheBoardBehindAProxyWithHTTPS(t *testing.T) {
	redis := redistest.StartServer(t)
	board := start(t, ".", []string{"PORT=0", "REDIS_URL=" + redis.URL, "PUBLIC_URL=https://board.example.com"}, "board", "-code", "room77")
	board.waitFor("make check3 BOARD=https://board.example.com/room77 NAME=your-name\n", 1)
	home := board.waitFor(`is running: (\S+)\n`, 1)
	wantText(t, newBrowser(t).visit(home+"/room77"), "BOARD=https://board.example.com/room77 ")
	response, err := http.PostForm(home+"/room77/teacher", map[string][]string{"code": {board.waitFor(`alone: (\S+) on`, 1)}})
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	// The client has followed the redirect, which had the cookie.
	if cookies := response.Request.Response.Cookies(); len(cookies) != 1 || !cookies[0].Secure || cookies[0].Name != "__Host-workshop_board" {
		t.Errorf("the cookies: %v", cookies)
	}
}

func TestTheBoardOnAPortThatIsTaken(t *testing.T) {
	redis := redistest.StartServer(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	number := strconv.Itoa(taken.Addr().(*net.TCPAddr).Port)
	output, status := run(t, ".", []string{"REDIS_URL=" + redis.URL}, "board", "-port", number)
	if status != 1 {
		t.Errorf("status %d, want 1", status)
	}
	wantText(t, output, "PORT: "+number+" is taken")
	// 5050 is not ours to take, but two boards cannot both have it.
	first := start(t, ".", []string{"REDIS_URL=" + redis.URL}, "board")
	second := start(t, ".", []string{"REDIS_URL=" + redis.URL}, "board")
	ports := []string{first.waitFor(`is running: http://127.0.0.1:(\d+)\n`, 1), second.waitFor(`is running: http://127.0.0.1:(\d+)\n`, 1)}
	if ports[0] == ports[1] {
		t.Errorf("both are on %s", ports[0])
	}
	wantText(t, first.said()+second.said(), "Port 5050 is taken, so this is on ")
}

func TestSettingsOfTheBoardThatCannotBe(t *testing.T) {
	for _, wrong := range []struct {
		args []string
		says string
	}{
		{[]string{"-code", "abc"}, "board: -code: a join code has 6 to 32 of the letters a-z and 0-9"},
		{[]string{"-code", "日本語日本語"}, "board: -code: a join code has 6 to 32"},
		{[]string{"-code", "assets"}, "is an address of the board itself"},
		{[]string{"-port", "x"}, `PORT: "x" is not a port`},
		{[]string{"-host", "no.such.host.invalid", "-port", "0", "-redis-url", "redis://127.0.0.1:1"}, "REDIS_URL: redis://127.0.0.1:1: nobody answers there"},
		{[]string{"-redis-url", "http://127.0.0.1"}, "REDIS_URL: it must begin with redis://"},
		{[]string{"now"}, `board: "now" is not an option; -h lists them`},
	} {
		output, status := run(t, ".", nil, append([]string{"board"}, wrong.args...)...)
		if status != 1 {
			t.Errorf("%v: status %d, want 1", wrong.args, status)
		}
		wantText(t, output, wrong.says)
	}
}
