package main

import (
	"errors"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"example.com/session-workshop/check/contract/programs"
	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/wait"
	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/tools/board"
	"example.com/session-workshop/tools/internal/lan"
	"example.com/session-workshop/tools/internal/repotest"
)

func TestTheBoardSaysWhatToTypeAndKeepsItsDataAfterCtrlC(t *testing.T) {
	redis := redistest.StartServer(t, "--requirepass", "secret-of-redis")
	env := []string{"PORT=0", "REDIS_URL=" + redis.URL}
	served := start(t, ".", env, "board")
	served.WaitFor("Stop it: (Ctrl)")
	home := served.WaitFor(`The class board is running: (http://127\.0\.0\.1:\d+)\n`)
	join := served.WaitFor(`Join code: (\S+)\n`)
	projector := served.WaitFor(`For the projector: (\S+)\n`)
	served.WaitFor(`Teacher's code, for you alone: \S+ on ` + home + "/" + join + "/teacher\n")
	typed := served.WaitFor(`  (make check3 BOARD=` + projector + ` NAME=your-name)\n`)
	if strings.Contains(served.String(), "secret-of-redis") {
		t.Errorf("a password is printed:\n%s", served)
	}
	visitor := repotest.NewVisitor(t)
	// The page shows what learners type, even if the teacher opens it on this
	// machine.
	visitor.Get(home + "/" + join).Wants(typed)
	_, number, _ := strings.Cut(strings.TrimPrefix(home, "http://"), ":")
	for _, address := range lan.Addresses() {
		visitor.Get("http://" + address + ":" + number + "/" + join).Wants("BOARD=http://" + address + ":")
		repotest.WantText(t, served.String(), "http://"+address+":")
	}

	app := httptest.NewServer(programs.Right(1, nil, 0))
	defer app.Close()
	said := do(t, repository, 0, []string{"BOARD=" + home + "/" + join, "NAME=grace"}, "hello")
	repotest.WantText(t, said, "The board knows: grace is here. Your network is ready.\n")
	said = do(t, repository, 1, []string{"NAME=grace"}, "hello")
	repotest.WantText(t, said, "BOARD: type the address that the board shows")
	said = do(t, repository, 0, []string{"BOARD=" + home + "/" + join, "NAME=ada of room 2"}, "check", "-url", app.URL, "1")
	repotest.WantText(t, said, "The board knows: ada of room 2, step 1, 11 of 11.")
	wait.ForSuccess(t, func() error {
		if page := visitor.Get(home + "/" + join).Text; !strings.Contains(page, "ada of room 2") {
			return errors.New("the board shows " + page)
		}
		return nil
	})

	served.interrupt(0)
	again := start(t, ".", env, "board", "-host", "127.0.0.1")
	again.WaitFor("Join code: " + join + "\n")
	again.interrupt(0)
}

func TestTheBoardAnnouncesItsAddresses(t *testing.T) {
	public, err := url.Parse("https://board.example.com")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		cfg  config.Config
		port int
		says []string
	}{
		{"a class in one network", config.Config{Host: "0.0.0.0"}, boardPort, []string{
			"running: http://127.0.0.1:5050\n", "BOARD=http://" + lan.Addresses()[0] + ":5050/room77",
			"Every machine in this network can reach it", "It speaks plain HTTP: anyone who can listen"}},
		{"this machine alone", config.Config{Host: "127.0.0.1"}, boardPort, []string{"BOARD=http://127.0.0.1:5050/room77", "Only this machine can reach it"}},
		{"the usual port is taken", config.Config{Host: "127.0.0.1"}, 5051, []string{"Port 5050 is taken, so this is on 5051.\n"}},
		{"behind a proxy with HTTPS", config.Config{Host: "0.0.0.0", PublicURL: public}, boardPort, []string{
			"running: http://127.0.0.1:5050\n", "BOARD=https://board.example.com/room77 ", "It speaks plain HTTP to the proxy that PUBLIC_URL names."}},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := announcement(c.cfg, c.port, board.Opened{Codes: board.Codes{Join: "room77", Teacher: "t"}}, "Redis: here").EN
			repotest.WantText(t, text, append(c.says, "Redis: here\nStop it: Ctrl+C\n")...)
		})
	}
}

func TestTheBoardSpeaksJapanese(t *testing.T) {
	redis := redistest.StartServer(t)
	served := start(t, ".", []string{"PORT=0", "REDIS_URL=" + redis.URL, "WORKSHOP_LANG=ja"}, "board")
	served.WaitFor("止める: (Ctrl)")
	here := served.WaitFor(`プロジェクター用: (\S+)\n`)
	served.WaitFor(`講師用のコード（講師以外には見せない）: \S+  ページ: (\S+)/teacher\n`)
	repotest.WantText(t, served.String(), "クラスボードを起動しました: http://127.0.0.1:", "  make hello BOARD="+here+" NAME=your-name\n",
		"このネットワークのどのマシンからも接続できます。")
	refused := strings.TrimSuffix(here, here[strings.LastIndex(here, "/"):]) + "/wrong2"
	said := do(t, repository, 1, []string{"BOARD=" + refused, "NAME=grace", "WORKSHOP_LANG=ja"}, "hello")
	repotest.WantText(t, said, "BOARD: 参加コードが違います。正しいコードはボードに表示されています\n")

	text := announcement(config.Config{Host: "127.0.0.1"}, boardPort, board.Opened{Names: 23, Day: "2026-10-01"}, "Redis: here").JA
	repotest.WantText(t, text, "このマシンからしか接続できません。", "23 人、最後の報告は 2026-10-01。新しいクラスを始めるときは、講師用のページで「最初からやり直す」を選びます。\n")
}

func TestTheBoardRefusesInvalidSteps(t *testing.T) {
	for _, list := range []string{"5", "2,", "two"} {
		if _, _, err := boardSettings([]string{"-steps", list}); err == nil || !strings.Contains(err.Error(), "use numbers from 1 to 4") {
			t.Errorf("-steps %s: %v", list, err)
		}
	}
}

func TestTheBoardBehindAProxySecuresItsCookie(t *testing.T) {
	served := start(t, ".", []string{"PORT=0", "REDIS_URL=redis://" + embeddedRedis(t), "PUBLIC_URL=https://board.example.com"}, "board", "-code", "room77")
	code := served.WaitFor(`alone: (\S+) on`)
	home := served.WaitFor(`is running: (\S+)\n`)
	response, err := repotest.NewVisitor(t).PostForm(home+"/room77/teacher", url.Values{"code": {code}})
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	// The client has followed the redirect, which had the cookie.
	if cookies := response.Request.Response.Cookies(); len(cookies) != 1 || !cookies[0].Secure || cookies[0].Name != "__Host-workshop_board" {
		t.Errorf("the cookies: %v", cookies)
	}
}
