package learn

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/contract"
	"example.com/session-workshop/check/launch"
	"example.com/session-workshop/check/wire"
	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/embedded"
	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/shared/redisconn"
	"example.com/session-workshop/tools/board"
	"example.com/session-workshop/tools/internal/advice"
)

// startWithin bounds the time from an app's start to its first answer.
const startWithin = 20 * time.Second

// subject is a running app that can be checked.
type subject struct {
	name   string
	target contract.Target
	app    *launch.App // nil if the check has not started it
	ends   []func()
}

// said is what the app has printed so far.
func (s *subject) said() string {
	if s.app == nil {
		return ""
	}
	return s.app.Output()
}

// hasEnded reports whether the app has ended on its own. It waits a moment, since a
// connection ends before its process does.
func (s *subject) hasEnded() bool {
	if s.app == nil {
		return false
	}
	select {
	case <-s.app.Done():
		return true
	case <-time.After(200 * time.Millisecond):
		return false
	}
}

// close ends what was started. It ignores how the app ends: one without a signal
// handler fails, and that is allowed.
func (s *subject) close() {
	if s.app != nil {
		_ = s.app.Stop()
	}
	for _, end := range s.ends {
		end()
	}
}

func (c *Check) open(ctx context.Context) (*subject, error) {
	s := &subject{target: contract.Target{TTL: c.TTL}}
	open := c.startCopy
	if c.URL != "" {
		open = c.findApp
	}
	if err := open(ctx, s); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// findApp prepares to check an app that runs already.
func (c *Check) findApp(ctx context.Context, s *subject) error {
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return lang.Errorf("URL: this is not the address of an app, for example URL=http://127.0.0.1:8000",
			"URL: アプリのアドレスではありません。例: URL=http://127.0.0.1:8000")
	}
	s.name, s.target.URL = config.Shown(c.URL), c.URL
	if err := mustAnswer(ctx, c.URL); err != nil {
		return fmt.Errorf("URL: %s: %w", s.name, err)
	}
	if c.Copy.Step == 1 {
		return nil
	}
	address := c.RedisURL
	if address == "" {
		address = "redis://" + redisconn.LocalAddr
	}
	return c.connect(ctx, s, address)
}

func mustAnswer(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	switch {
	case redisconn.Refused(err):
		return lang.Errorf("no app answers there (connection refused). Does your app run, and is this the address that it printed?",
			"応答するアプリがありません（connection refused）。アプリは起動していますか？アプリが表示したアドレスと同じですか？")
	case errors.Is(err, context.DeadlineExceeded):
		return lang.Errorf("no answer within 5 s. Does your app hang?", "5 秒以内に応答がありません。アプリが固まっていませんか？")
	case err != nil:
		return lang.Errorf("the program there is not a web app: %w", "そこで動いているプログラムは Web アプリではありません: %w", errors.Unwrap(err))
	}
	return response.Body.Close()
}

// connect opens the Redis that the app uses, so that checks can look into it.
func (c *Check) connect(ctx context.Context, s *subject, address string) error {
	cfg, err := config.Load([]string{"-redis-url", address}, os.Getenv, config.Redis)
	if err != nil {
		return err
	}
	conn, err := redisconn.Open(ctx, cfg)
	if err != nil {
		return err
	}
	s.target.Redis = conn.Client
	s.ends = append(s.ends, func() { conn.Close() })
	return nil
}

// startCopy builds and starts the copy, with a Redis only for this check unless one
// was named.
func (c *Check) startCopy(ctx context.Context, s *subject) error {
	if err := c.Copy.mustExist(); err != nil {
		return err
	}
	s.name = c.Copy.Name()
	dir, err := os.MkdirTemp("", "session-workshop-check-")
	if err != nil {
		return err
	}
	s.ends = append(s.ends, func() { os.RemoveAll(dir) })
	if len(c.methods()) > 0 {
		if s.target.TestMethod, err = c.testMethods(ctx, dir); err != nil {
			return err
		}
	}
	if c.onlyAMethod() {
		return nil
	}
	binary, err := c.build(ctx, dir)
	if err != nil {
		return err
	}
	env := append(config.Unset(), "SESSION_TTL="+c.TTL.String())
	if c.Copy.Step > 1 {
		settings, err := c.redisFor(ctx, s)
		if err != nil {
			return err
		}
		env = append(env, settings...)
	}
	waiting, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	s.app, err = launch.Start(waiting, launch.Options{Binary: binary, Dir: c.Copy.Dir(), Env: env})
	if err != nil {
		output := ""
		if app, ok := errors.AsType[*launch.NotReady](err); ok {
			err, output = app.Why, app.Output
		}
		err = lang.Errorf("%s does not start: it %w", "%s が起動しません: %w", s.name, err)
		return notReady{board.DoesNotStart, AboutStart(err, output, s.name)}
	}
	s.target.URL = s.app.URL
	return nil
}

// build builds the program into the folder dir, unless it has been built. Its name
// ends in .exe, which Windows requires.
func (c *Check) build(ctx context.Context, dir string) (binary string, err error) {
	if c.Binary != "" {
		return c.Binary, nil
	}
	name := c.Copy.Name()
	binary = filepath.Join(dir, name+".exe")
	if err := launch.Build(ctx, c.Copy.Dir(), binary); err != nil {
		if advice.Known(err) {
			return "", notBuilt(name, err)
		}
		return "", notReady{board.DoesNotCompile, lang.Errorf("%s does not compile:\n%s\nFix that, and run the check again",
			"%s をコンパイルできません。\n%s\n直してから、もう一度チェックしてください。", name, launch.CompilerSaid(err, name))}
	}
	return binary, nil
}

// notBuilt is the error of a build that failed for a reason outside the code.
func notBuilt(name string, err error) error {
	return advice.Add(lang.Errorf("%s was not built:\n%s", "%s をビルドできませんでした。\n%s", name, launch.CompilerSaid(err, name)))
}

// redisFor finds the Redis of the check and returns the app's settings for it.
func (c *Check) redisFor(ctx context.Context, s *subject) ([]string, error) {
	if c.RedisURL != "" {
		var settings []string
		for _, name := range []string{"REDIS_CLUSTER", "REDIS_CA_FILE", "REDIS_AUTH"} {
			settings = append(settings, name+"="+config.Getenv(name))
		}
		address, err := s.throughWire(c.RedisURL)
		if err != nil {
			return nil, err
		}
		return append(settings, "REDIS_URL="+address, "UNDER_THE_HOOD=off"), c.connect(ctx, s, c.RedisURL)
	}
	started, err := embedded.Start("127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.ends = append(s.ends, started.Close)
	client := redis.NewClient(&redis.Options{Addr: started.Addr()})
	s.target.Redis = client
	s.ends = append(s.ends, func() { client.Close() })
	address, err := s.throughWire("redis://" + started.Addr())
	// The panel would add round trips.
	return []string{"REDIS_URL=" + address, "UNDER_THE_HOOD=off"}, err
}

// throughWire puts a wire, which counts round trips, before the Redis at an
// address, and returns the address of the wire. For a Redis with TLS and for a
// cluster it returns the address unchanged, and round trips are not counted.
func (s *subject) throughWire(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "redis" || config.Getenv("REDIS_CLUSTER") != "" {
		return address, nil
	}
	options, err := redis.ParseURL(address)
	if err != nil {
		return address, nil
	}
	w, err := wire.Open(options.Addr, 0)
	if err != nil {
		return "", err
	}
	s.ends = append(s.ends, w.Close)
	s.target.Wire, u.Host = w, w.Addr
	return u.String(), nil
}

// AboutStart adds the last lines of an app's output to the reason why the app in
// folder did not start.
func AboutStart(reason error, output, folder string) error {
	if strings.TrimSpace(output) == "" {
		return lang.Errorf("%w. It printed nothing.", "%w。何も出力していません。", reason)
	}
	return lang.Errorf("%w. Its last lines:\n%s", "%w。最後の出力:\n%s", reason, lastLines(output, folder))
}
