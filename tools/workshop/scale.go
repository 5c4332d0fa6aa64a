package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"

	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/shared/web"
	"example.com/session-workshop/tools/internal/modules"
	"example.com/session-workshop/tools/internal/scale"
	"example.com/session-workshop/tools/internal/supervisor"
)

// maxServers is more than a user can watch.
const maxServers = 9

// runScale runs several servers of one step behind a proxy.
func runScale(ctx context.Context, args []string) error {
	flags := newFlags("scale [-n 2] [STEP]", lang.T("STEP is 1 to 4 (default 4), memory, or the folder of a step",
		"STEP は 1 〜 4（既定は 4）、memory、またはステップのディレクトリ"))
	typed := flags.String("n", "2", lang.T("`number` of servers, 1 to 9", "サーバーの数 `number`。1 〜 9").In(language))
	if err := config.ParseFlags(flags, args); err != nil {
		return err
	}
	if flags.NArg() > 1 {
		return lang.Errorf("scale: this is one word too many. For example: go run ./tools/workshop scale -n 3 4",
			"scale: 単語が 1 つ余分です。例: go run ./tools/workshop scale -n 3 4")
	}
	n, err := number(*typed)
	if err != nil {
		return lang.Errorf("scale: -n must be a number of servers, 1 to %d, for example make scale N=3",
			"scale: -n にはサーバーの数を 1 〜 %d で指定してください。例: make scale N=3", maxServers)
	}
	if n < 1 || n > maxServers {
		return lang.Errorf("scale: %d servers are not possible. Use 1 to %d, for example make scale N=3",
			"scale: サーバーを %d 台にはできません。1 〜 %d 台を指定してください。例: make scale N=3", n, maxServers)
	}
	if _, err := modules.Root(); err != nil {
		return err
	}
	dir, err := supervisor.Folder(cmp.Or(flags.Arg(0), "4"))
	if err != nil {
		return fmt.Errorf("scale: %w", err)
	}
	listener, err := listenAsProxy()
	if err != nil {
		return err
	}
	defer listener.Close()
	fleet := scale.Fleet{Dir: dir, Servers: n, RestartAfter: scale.RestartAfter, Out: stdout, Lang: language}
	if err := fleet.Run(ctx, listener); err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("scale: %w", err)
	}
	return nil
}

// listenAsProxy listens on the port in PORT, or else on the default port or the
// next free one. Only this machine can reach the proxy.
func listenAsProxy() (net.Listener, error) {
	cfg, err := config.Load(nil, func(name string) string {
		if name == "PORT" {
			return config.Getenv(name)
		}
		return ""
	})
	if err != nil {
		return nil, err
	}
	return web.Listen(cfg)
}
