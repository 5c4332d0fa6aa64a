package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/tools/elasticache"
	"example.com/session-workshop/tools/internal/advice"
	"example.com/session-workshop/tools/internal/modules"
	"example.com/session-workshop/tools/internal/supervisor"
)

// runElastiCache runs the local stand-in for ElastiCache until ctx ends.
func runElastiCache(ctx context.Context, args []string) error {
	flags := newFlags("elasticache-local [-port N] [-cluster] [-plain]")
	port := flags.Int("port", 7379, "`port` of the endpoint on 127.0.0.1; 0 takes any free one")
	cluster := flags.Bool("cluster", false, "three masters in cluster mode, instead of a primary and a replica")
	plain := flags.Bool("plain", false, "neither TLS nor a password, like a cache without encryption in transit")
	dir := flags.String("o", "", "`folder` for its certificates and a file with the settings of an app (default bin/elasticache-local)")
	if err := parseOnly(flags, args); err != nil {
		return err
	}
	root, err := modules.Root()
	if err != nil {
		return err
	}
	*dir = cmp.Or(*dir, filepath.Join(root, "bin", "elasticache-local"))
	if err := os.MkdirAll(*dir, 0o700); err != nil {
		return err
	}
	options := elasticache.Options{
		Addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(*port)), Dir: *dir, Cluster: *cluster, Plain: *plain,
	}
	standIn, err := elasticache.Start(ctx, options)
	if advice.Known(err) {
		return err
	}
	if err != nil {
		return lang.Errorf("%w\nIs another one running? Choose another port: go run ./tools/workshop elasticache-local -port 7380",
			"%w\n別のターミナルで起動していませんか。ポートを変えるには: go run ./tools/workshop elasticache-local -port 7380", err)
	}
	defer standIn.Close()
	env := environmentOf(standIn, options)
	environment, err := writeEnvironment(*dir, env)
	if err != nil {
		return err
	}
	printStandIn(standIn, environment, options)
	defer printEnd(env)
	return obey(ctx, standIn, !*cluster)
}

// environmentOf returns the variables with which a shell starts an app, and
// looks inside with redis-cli. The lesson's TTL would end a session while the
// user is at another window.
func environmentOf(standIn *elasticache.StandIn, o elasticache.Options) []string {
	env := append(standIn.Environment(), "SESSION_TTL="+supervisor.TTL)
	if o.Plain {
		return env
	}
	return append(env, "REDISCLI_AUTH="+standIn.Password())
}

// writeEnvironment writes a file for a shell to read. Only that file contains
// the password.
func writeEnvironment(dir string, env []string) (file string, err error) {
	var text strings.Builder
	for _, line := range env {
		name, value, _ := strings.Cut(line, "=")
		fmt.Fprintf(&text, "export %s=%s\n", name, quoted(value))
	}
	file = filepath.Join(dir, "environment")
	return file, os.WriteFile(file, []byte(text.String()), 0o600)
}

// quoted returns text as one word for a shell.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

func printStandIn(standIn *elasticache.StandIn, environment string, o elasticache.Options) {
	access := lang.T("TLS, a user with no more rights than the steps need", "TLS あり、ステップに必要な権限だけを持つユーザー")
	nodes := lang.T("a primary and a replica", "プライマリとレプリカ")
	_, port, _ := net.SplitHostPort(standIn.Addr())
	cli := "redis-cli -p " + port
	if o.Plain {
		access = lang.T("neither TLS nor a password", "TLS もパスワードもなし")
	} else {
		cli += " --tls --cacert " + quoted(standIn.CAFile) + " --user " + elasticache.User
	}
	if o.Cluster {
		nodes = lang.T("three masters in cluster mode", "クラスターモードのプライマリ 3 台")
		cli += " -c"
	}
	say(lang.T("A stand-in for ElastiCache is running on %s: %s, %s.",
		"ElastiCache を再現したローカル環境が %s で動いています: %s、%s。", standIn.Addr(), access, nodes))
	say(lang.T("Use it, in another terminal:", "使うには、別のターミナルで次のコマンドを実行します。"))
	fmt.Fprintln(stdout, "  .", quoted(environment))
	fmt.Fprintln(stdout, "  make step4")
	say(lang.T("Look inside, in a third one:", "中をのぞくには、3 つ目のターミナルで次のコマンドを実行します。"))
	fmt.Fprintln(stdout, "  .", quoted(environment))
	fmt.Fprintln(stdout, " ", cli)
	say(supervisor.AboutTTL)
	if !o.Cluster {
		say(lang.T("Watch a failover: type one of these here, and Enter", "フェイルオーバーを見るには、ここに次のどちらかを入力して Enter を押します。"))
		say(lang.T("  switch   a planned failover: no write is lost", "  switch   計画的な切り替え。書き込みは失われない"))
		say(lang.T("  fail     a crash: the primary is killed, and the replica takes over", "  fail     障害。プライマリを強制終了し、レプリカが引き継ぐ"))
	}
	say(lang.T("Stop it: Ctrl+C", "止める: Ctrl+C"))
}

// printEnd says how to remove the settings from the terminals that use them. A
// step would otherwise still connect to the stand-in.
func printEnd(env []string) {
	say(lang.T("The stand-in has stopped. In each terminal that used it:", "ローカル環境を止めました。これを使っていたすべてのターミナルで、次のコマンドを実行します。"))
	fmt.Fprint(stdout, "  unset")
	for _, line := range env {
		name, _, _ := strings.Cut(line, "=")
		fmt.Fprint(stdout, " ", name)
	}
	fmt.Fprintln(stdout)
}

// obey carries out the typed commands until ctx ends.
func obey(ctx context.Context, standIn *elasticache.StandIn, failover bool) error {
	lines := make(chan string)
	go func() {
		typed := bufio.NewScanner(os.Stdin)
		for failover && typed.Scan() {
			lines <- strings.TrimSpace(typed.Text())
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return nil
		case line := <-lines:
			if err := carryOut(ctx, standIn, line); err != nil && !errors.Is(err, context.Canceled) {
				return err
			}
		}
	}
}

func carryOut(ctx context.Context, standIn *elasticache.StandIn, order string) error {
	var err error
	switch order {
	case "":
		return nil
	case "switch":
		err = standIn.Switch(ctx)
	case "fail":
		err = standIn.Fail(ctx)
	default:
		say(lang.T("%q is neither switch nor fail.", "%q は switch でも fail でもありません。", order))
		return nil
	}
	if err == nil {
		say(lang.T("The replica has taken over. Reload the page: you are still logged in. If the page says that Redis does not answer, reload it again.",
			"レプリカが引き継ぎました。ページを再読み込みしてください。ログインは続いています。「Redis が応答しません」と表示されたら、もう一度再読み込みします。"))
	}
	return err
}
