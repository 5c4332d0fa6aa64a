package main

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"

	"example.com/session-workshop/check/steps"
	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/shared/redisconn"
	"example.com/session-workshop/shared/web"
	"example.com/session-workshop/tools/board"
	"example.com/session-workshop/tools/internal/lan"
)

const (
	// boardPort is a port that no step takes by default.
	boardPort = 5050
	// boardRedis is not the address that a step and redis-cli use by default:
	// the class must not appear among the keys that the teacher shows.
	boardRedis = "127.0.0.1:6390"
)

// runBoard serves the class board until ctx ends.
func runBoard(ctx context.Context, args []string) error {
	cfg, options, err := boardSettings(args)
	if err != nil {
		return err
	}
	conn, err := openBoardRedis(ctx, cfg)
	if err != nil {
		return err
	}
	defer conn.Close()
	listener, err := web.Listen(cfg)
	if err != nil {
		return err
	}
	defer listener.Close()
	port := listener.Addr().(*net.TCPAddr).Port
	options.URL, options.Fixed, options.HTTPS = reachedAt(cfg, port)[0], cfg.PublicURL != nil, cfg.HTTPS()
	e, room, err := board.New(ctx, conn.Client, options)
	if err != nil {
		return err
	}
	web.Configure(e, cfg)
	fmt.Fprint(stdout, announcement(cfg, port, room, conn.About).In(language))
	return web.Serve(ctx, e, listener)
}

func openBoardRedis(ctx context.Context, cfg config.Config) (*redisconn.Conn, error) {
	if cfg.RedisURL == "" {
		return redisconn.OpenLocal(ctx, boardRedis)
	}
	return redisconn.Open(ctx, cfg)
}

// boardSettings reads the flags. A flag that is not given has the value of its
// environment variable, as in a step.
func boardSettings(args []string) (cfg config.Config, options board.Options, err error) {
	flags := newFlags("board [-host ADDRESS] [-port N] [-redis-url URL] [-code CODE] [-steps 2,3]")
	given := map[string]*string{
		"HOST":      flags.String("host", "", "`address` to listen on (default 0.0.0.0: learners must reach it). Variable: HOST"),
		"PORT":      flags.String("port", "", "`port` to listen on; 0 takes any free one (default 5050, or the next free one). Variable: PORT"),
		"REDIS_URL": flags.String("redis-url", "", "address of Redis, `redis://host:port` (default: the Redis on "+boardRedis+", or else an embedded one there). Variable: REDIS_URL"),
	}
	list := flags.String("steps", "", "`steps` of the class, for example 2,3 (default: all)")
	flags.StringVar(&options.Code, "code", "", "join `code` of your choice, 6 to 32 letters and digits (default: the last one, or else a random one)")
	if err := parseOnly(flags, args); err != nil {
		return cfg, options, err
	}
	if options.Steps, err = stepList(*list); err != nil {
		return cfg, options, fmt.Errorf("board: -steps: %w", err)
	}
	if err := board.CheckCode(options.Code); err != nil {
		return cfg, options, fmt.Errorf("board: -code: %w", err)
	}
	cfg, err = config.Load(nil, func(name string) string {
		if value := given[name]; value != nil && *value != "" {
			return *value
		}
		if value := config.Getenv(name); value != "" || name != "HOST" {
			return value
		}
		return "0.0.0.0"
	}, config.Redis)
	if !cfg.PortSet {
		cfg.Port = boardPort
	}
	return cfg, options, err
}

// stepList reads step numbers with commas between them. It returns nil for an
// empty text.
func stepList(text string) (list []int, err error) {
	if text == "" {
		return nil, nil
	}
	for word := range strings.SplitSeq(text, ",") {
		n, err := number(strings.TrimSpace(word))
		if err != nil || n < 1 || n > steps.Count {
			return nil, lang.Errorf("use numbers from 1 to %d with commas between them, for example 2,3",
				"1 から %d の番号をコンマで区切ってください。例: 2,3", steps.Count)
		}
		list = append(list, n)
	}
	return list, nil
}

// announcement returns what the teacher reads when the board is running.
func announcement(cfg config.Config, port int, room board.Opened, aboutRedis string) lang.Text {
	addresses := reachedAt(cfg, port)
	local := urlOf("127.0.0.1", port)
	if ip := net.ParseIP(cfg.Host); ip != nil && !ip.IsUnspecified() {
		local = urlOf(cfg.Host, port)
	}
	var all []lang.Text
	if !cfg.PortSet && port != boardPort {
		all = append(all, lang.T("Port %d is taken, so this is on %d.", "ポート %d は使用中なので、%d を使います。", boardPort, port))
	}
	here := addresses[0] + "/" + room.Join
	all = append(all,
		lang.T("The class board is running: %s", "クラスボードを起動しました: %s", local),
		lang.T("For the projector: %s", "プロジェクター用: %s", here),
		lang.T("What learners type first, to test the network, and then for step 3:", "受講者が入力するコマンド（最初の 1 行でネットワークを確かめます。次はステップ 3 の例です）:"),
		lang.Same("  make hello BOARD="+here+" NAME=your-name"),
		lang.Same("  make check3 BOARD="+here+" NAME=your-name"),
		lang.T("Or once, for all checks in a terminal:", "一度だけ入力し、そのターミナルのすべてのチェックに使う場合:"),
		lang.Same("  export BOARD="+here+" NAME=your-name"),
		lang.T("Join code: %s", "参加コード: %s", room.Join),
		lang.T("Teacher's code, for you alone: %s on %s", "講師用のコード（講師以外には見せない）: %s  ページ: %s", room.Teacher, local+"/"+room.Join+"/teacher"))
	for _, other := range addresses[1:] {
		all = append(all, lang.T("Another address of this machine: %s", "このマシンの別のアドレス: %s", other+"/"+room.Join))
	}
	all = append(all, whoCanReach(cfg)...)
	if room.Names > 0 {
		all = append(all, lang.T("The board still has a class: %d names, last report on %s. For a new class, open the teacher's page and choose \"Start over\".",
			"ボードには前のクラスの記録があります: %d 人、最後の報告は %s。新しいクラスを始めるときは、講師用のページで「最初からやり直す」を選びます。", room.Names, room.Day))
	}
	all = append(all, lang.Same(aboutRedis), lang.T("Stop it: Ctrl+C", "止める: Ctrl+C"))
	var text lang.Text
	for _, line := range all {
		text.EN += line.EN + "\n"
		text.JA += line.JA + "\n"
	}
	return text
}

func whoCanReach(cfg config.Config) []lang.Text {
	if cfg.Loopback() {
		return []lang.Text{lang.T("Only this machine can reach it. For a class, use -host 0.0.0.0, the default.",
			"このマシンからしか接続できません。クラスでは -host 0.0.0.0（既定値）を使います。")}
	}
	plain := lang.T("It speaks plain HTTP: anyone who can listen to the network can read the codes.",
		"通信は暗号化しない HTTP です。ネットワークを盗聴できる人には、コードを読まれます。")
	if cfg.HTTPS() {
		plain = lang.T("It speaks plain HTTP to the proxy that PUBLIC_URL names.", "PUBLIC_URL のプロキシとは、暗号化しない HTTP で通信します。")
	}
	return []lang.Text{lang.T("Every machine in this network can reach it, and anyone with the join code can see the names.",
		"このネットワークのどのマシンからも接続できます。参加コードを知っていれば、全員の名前が見えます。"), plain}
}

// reachedAt returns the URLs at which users reach a server on this port, the
// most likely one first.
func reachedAt(cfg config.Config, port int) (urls []string) {
	if cfg.PublicURL != nil {
		return []string{cfg.PublicURL.String()}
	}
	hosts := []string{cfg.Host}
	if ip := net.ParseIP(cfg.Host); ip != nil && ip.IsUnspecified() {
		hosts = lan.Addresses()
	}
	for _, host := range hosts {
		urls = append(urls, urlOf(host, port))
	}
	return urls
}

func urlOf(host string, port int) string {
	return "http://" + net.JoinHostPort(host, strconv.Itoa(port))
}
