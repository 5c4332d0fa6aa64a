package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/creack/pty"

	"example.com/session-workshop/check/contract"
	"example.com/session-workshop/check/loopback"
	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/tools/internal/foreign"
	"example.com/session-workshop/tools/internal/repotest"
)

// onTerminal runs a command on a terminal of 80 columns, and returns its output.
func onTerminal(t *testing.T, dir string, env []string, args ...string) string {
	t.Helper()
	cmd := exec.Command(program(t, "."), args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 50, Cols: 80})
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	// On a terminal the end of the output is an error.
	text, _ := io.ReadAll(terminal)
	_ = cmd.Wait()
	return strings.ReplaceAll(string(text), "\r", "")
}

func TestACommandSpeaksTheLanguageOfItsUser(t *testing.T) {
	root := filepath.Dir(repotest.App(t))
	const english, japanese = "step 2  not started             begin: make start2\n", "ステップ 2  未着手                  始める: make start2\n"
	locale := []string{"LANG=ja_JP.UTF-8"}
	repotest.WantText(t, onTerminal(t, root, locale, "status"), japanese)
	repotest.WantText(t, onTerminal(t, root, append(locale, "WORKSHOP_LANG=en"), "status"), english)
	repotest.WantText(t, do(t, root, 0, locale, "status"), english)
	repotest.WantText(t, do(t, root, 0, []string{"WORKSHOP_LANG=ja"}, "status"), japanese)
	repotest.WantText(t, do(t, root, 0, []string{"WORKSHOP_LANG=ja"}, "help"), "使い方: go run ./tools/workshop COMMAND", "my-stepN と完成版の違いを表示する")
	repotest.WantText(t, do(t, root, 0, []string{"WORKSHOP_LANG=ja"}, "check", "-h"), "使い方: go run ./tools/workshop check", "\n  -hint level\n", "ヒントの段階")
	repotest.WantText(t, do(t, root, 1, []string{"WORKSHOP_LANG=ja"}, "check", "9"), "ステップ 9 はありません。1 〜 4 を指定してください\n")
	repotest.WantText(t, do(t, root, 1, []string{"WORKSHOP_LANG=fr"}, "status"), "WORKSHOP_LANG=fr: the commands speak English (en) and Japanese (ja) only\n")
}

func TestACheckThatFailsSpeaksJapanese(t *testing.T) {
	app := repotest.App(t)
	failed := contract.Step(1)[0]
	env := []string{"GOWORK=off", "WORKSHOP_LANG=ja", "HINT=２"}
	said := do(t, filepath.Dir(app), 1, env, "check", "１")
	repotest.WantText(t, said, "my-step1 をチェックします: ステップ 1 の内容、11 個。\nFAIL  1 "+failed.ID+": "+failed.Name.JA,
		"\n         期待:     ", "\n         実際:     ", "\n         ヒント 1: "+failed.Hints[0].In(lang.Japanese), "\n         ヒント 2: "+failed.Hints[1].In(lang.Japanese),
		"\n         場所:     my-step1/main.go", "\n11 個中 0 個が合格。次のヒント: make check1 HINT=3\n")

	t.Log("a mistake, and an app that does not start")
	source := filepath.Join(app, "main.go")
	repotest.Change(t, source, "func main() {", "func main() {\n\tpanic(`at the start`)")
	repotest.WantText(t, do(t, filepath.Dir(app), 1, env, "check", "1"), "my-step1 が起動しません: 準備ができる前に終了しました（exit status 2）。最後の出力:\n    panic: at the start")
	repotest.Change(t, source, "panic(`at the start`)", "undefinedName()")
	repotest.WantText(t, do(t, filepath.Dir(app), 1, env, "check", "1"), "my-step1 をコンパイルできません。\n", ": undefined: undefinedName\n直してから、もう一度チェックしてください。\n")
}

func TestAWindowSpeaksJapaneseAndTakesTheKeysOfAnInputMethod(t *testing.T) {
	app := repotest.App(t)
	l := learns(t, filepath.Dir(app), []string{"PORT=0", "WORKSHOP_LANG=ja"}, "１")
	l.WaitFor(`(?s)ステップ 1/4: 署名付き Cookie。ガイド: step1-no-redis/README\.ja\.md\n.*アプリ: http\S+\n.*11 個中 0 個が合格。次のヒント: (h)\nステップ: 1 途中（0/11）、2 これから`)
	l.types("ｈ\n")
	l.WaitFor(`ヒント (2):`)
	l.types("お\n")
	l.WaitFor(`すべての違いを見る: make solve(1)`)
	l.types("ん\n")
	l.WaitFor(`ステップ 1 は(まだ)合格していません`)
	l.types("ｑ\n")
	l.wantEnd(0)
	if !strings.HasSuffix(l.String(), "\n終了しました。\n") {
		t.Errorf("the last line is another:\n%s", l)
	}
}

func TestSettingsInFullWidthLettersAreRead(t *testing.T) {
	app := filepath.Dir(repotest.App(t))
	board := "http://" + loopback.Closed(t) + "/k7f3qz"
	for _, c := range []struct {
		command string
		env     []string
		says    string
	}{
		{"check 1", []string{"MAKEFLAGS= -- ＨＩＮＴ=９"}, "HINT: there is no such hint"},
		{"check 1", []string{"HINT=1", foreign.WideVariable + "=HINT＝９"}, "HINT: there is no such hint"},
		{"check １", []string{"ONLY=ｎｏｔｈｉｎｇ"}, "ONLY: step 1 has no check of this name"},
		{"check -exercise ｎｏｔｈｉｎｇ １", nil, "EX: step 1 has no exercise of this name"},
		{"hello", []string{"MAKEFLAGS=w -- ＢＯＡＲＤ=" + board + ` ＮＡＭＥ=エイダ\ ２`}, "BOARD: no server answers on"},
		{"watch my-step３", nil, "watch: there is no my-step3 yet. Begin it: make start3"},
		{"start ９", nil, "there is no step 9"},
	} {
		repotest.WantText(t, do(t, app, 1, c.env, strings.Fields(c.command)...), c.says)
	}
}
