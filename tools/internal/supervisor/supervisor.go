// Package supervisor builds a step and runs it in child processes. It provides
// what must outlive each of them: a Redis, and a TTL that is long enough to
// work with.
package supervisor

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.com/session-workshop/check/launch"
	"example.com/session-workshop/check/steps"
	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/shared/redisconn"
	"example.com/session-workshop/shared/web"
	"example.com/session-workshop/tools/internal/advice"
	"example.com/session-workshop/tools/internal/foreign"
	"example.com/session-workshop/tools/internal/modules"
)

const (
	// startWithin limits the time from the start of an app to its first answer.
	startWithin = 30 * time.Second
	// moment is the longest time between two events that have one cause, such
	// as Ctrl+C.
	moment = 300 * time.Millisecond
	// TTL replaces the lesson's 10 s, which is shorter than an edit.
	TTL = "10m"
	// Memory is the name of the program that counts visits in its own memory.
	Memory = "memory"
)

// Folder returns the absolute path of a program, which is given as the number
// of a step, "memory" or a path. Its error is for the user.
func Folder(name string) (string, error) {
	if word := foreign.Narrow(name); stepOrCopy.MatchString(word) {
		name = word
	}
	if regexp.MustCompile(`^([0-9]|` + Memory + `)$`).MatchString(name) {
		return ourFolder(name)
	}
	if _, err := os.Stat(filepath.Join(name, "go.mod")); err != nil {
		if copyName := stepOrCopy.FindStringSubmatch(name); copyName != nil {
			return "", lang.Errorf("there is no %s yet. Begin it: make start%s", "%s はまだありません。作るには: make start%s", name, copyName[1])
		}
		return "", lang.Errorf("this is not the folder of a step: it has no go.mod. Use 1 to 4, memory, or the folder of a step",
			"ステップのディレクトリではありません（go.mod がありません）。1 〜 4、memory、またはステップのディレクトリを指定してください")
	}
	dir, err := filepath.Abs(name)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(dir)
}

// stepOrCopy matches the number of a step, and the folder of a learner's copy.
var stepOrCopy = regexp.MustCompile(`^(?:my-step)?([0-9])/?$`)

func ourFolder(name string) (string, error) {
	root, err := modules.Root()
	if err != nil {
		return "", err
	}
	if name == Memory {
		return filepath.Join(root, steps.Folder(1), Memory), nil
	}
	n, _ := strconv.Atoi(name)
	if n < 1 || n > steps.Count {
		return "", lang.Errorf("there is no step %s. Use 1 to 4, memory, or the folder of a step",
			"ステップ %s はありません。1 〜 4、memory、またはステップのディレクトリを指定してください", name)
	}
	return filepath.Join(root, steps.Folder(n)), nil
}

// Program is a step that is built here and started any number of times.
type Program struct {
	// Name is the name of its folder.
	Name string
	// About says in two lines which Redis it uses and how to look inside.
	About lang.Text

	dir    string
	bin    string // the temporary folder of all files below
	binary string // the program that was built last
	notice string // the file with a text that the pages of the program show
	env    []string
	redis  redisconn.Server
}

// Open prepares the program in the folder dir. If there is no Redis yet, Open
// starts one, and About describes its place by home.
func Open(ctx context.Context, dir string, home lang.Text) (*Program, error) {
	p := &Program{Name: filepath.Base(dir), dir: dir}
	var err error
	if p.bin, err = os.MkdirTemp("", "session-workshop-"); err != nil {
		return nil, err
	}
	p.notice = filepath.Join(p.bin, "notice")
	p.env = append(p.env, web.NoticeFile+"="+p.notice)
	if !inWorkspace(ctx, dir) {
		err = os.Setenv("GOWORK", "off")
	}
	if err = errors.Join(err, p.findRedis(ctx, home)); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	if p.LongTTL() {
		p.env = append(p.env, "SESSION_TTL="+TTL)
	}
	return p, nil
}

// inWorkspace reports whether go.work names the module in dir. It does not name
// a learner's own copy of a step, which is built alone.
func inWorkspace(ctx context.Context, dir string) bool {
	list := exec.CommandContext(ctx, "go", "list", "-C", dir, "-m", "-f", "{{.Dir}}")
	folders, err := list.Output()
	return err == nil && slices.Contains(strings.Split(string(folders), "\n"), dir)
}

// UsesRedis reports whether the program may use Redis. Any program that is not
// one of our steps may.
func (p *Program) UsesRedis() bool {
	return p.Name != Memory && !strings.Contains(p.Name, "step1")
}

// LongTTL reports whether a session of the program lives longer here than in
// the lesson. It does unless the user has set a TTL. Step 2 has none.
func (p *Program) LongTTL() bool {
	return p.UsesRedis() && !strings.Contains(p.Name, "step2") && config.Getenv("SESSION_TTL") == ""
}

// AboutTTL is the message to print if LongTTL is true.
var AboutTTL = lang.T("SESSION_TTL is %s here, to give you time. For the lesson's ten seconds, set SESSION_TTL=10s",
	"ゆっくり試せるように、SESSION_TTL は %s にしてあります。ガイドと同じ 10 秒にするには SESSION_TTL=10s を指定してください。", TTL)

// findRedis finds a Redis, or starts one in this process, which outlives the
// processes of the program.
func (p *Program) findRedis(ctx context.Context, home lang.Text) (err error) {
	switch {
	case !p.UsesRedis():
		p.About = lang.T("Redis: not used", "Redis: 使いません")
		return nil
	case config.Getenv("REDIS_URL") != "":
		p.About = lang.T("Redis: the one that REDIS_URL names", "Redis: REDIS_URL で指定したもの")
		return nil
	}
	if p.redis, err = redisconn.Local(ctx, redisconn.LocalAddr); err != nil {
		return err
	}
	p.env = append(p.env, "REDIS_URL=redis://"+p.redis.Addr)
	p.About = p.aboutRedis(home)
	return nil
}

func (p *Program) aboutRedis(home lang.Text) lang.Text {
	_, cli, _ := strings.Cut(p.redis.About(), "\nLook inside: ")
	switch {
	case p.redis.Embedded == nil:
		return lang.T("Redis: found on %s\nLook inside: %s", "Redis: %s で見つかりました\n中をのぞくには: %s", p.redis.Addr, cli)
	case p.redis.Note == "":
		return lang.T("Redis: %s, on %s\nLook inside: %s", "Redis: %s（%s）\n中をのぞくには: %s", home, p.redis.Addr, cli)
	}
	return lang.T("Redis: %s, on %s (%s)\nLook inside: %s", "Redis: %s（%s。%s）\n中をのぞくには: %s", home, p.redis.Addr, p.redis.Note, cli)
}

// Build builds the program. If it does not compile, the last binary stays, the
// pages of the running program show the first mistake, and the error contains
// the output of the compiler.
func (p *Program) Build(ctx context.Context) error {
	// On Windows the name of a program must end in .exe, and the file of a
	// running program is locked. So builds alternate between two names.
	binary := filepath.Join(p.bin, p.Name+"-a.exe")
	if binary == p.binary {
		binary = filepath.Join(p.bin, p.Name+"-b.exe")
	}
	if err := launch.Build(ctx, p.dir, binary); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		said := launch.CompilerSaid(err, p.Name)
		if advice.Known(err) {
			// The mistake that the pages show may be fixed by now.
			p.notify("")
			return advice.Add(lang.Errorf("%s was not built:\n%s", "%s をビルドできませんでした。\n%s", p.Name, said))
		}
		p.notify(firstMistake.FindString(said))
		return compileError{lang.Errorf("this does not compile:\n%s", "コンパイルできません。\n%s", said)}
	}
	p.binary = binary
	p.notify("")
	return nil
}

// compileError contains the output of the compiler.
type compileError struct{ error }

func (e compileError) Unwrap() error { return e.error }

// DoesNotCompile reports whether err says that a program does not compile.
func DoesNotCompile(err error) bool {
	_, ok := errors.AsType[compileError](err)
	return ok
}

// firstMistake matches the line after the name of the package, which follows a
// "#".
var firstMistake = regexp.MustCompile(`(?m)^[^#\n].*`)

// notify shows a text on the pages of the program. It ignores an error, because
// the build counts without the text.
func (p *Program) notify(text string) { _ = os.WriteFile(p.notice, []byte(text), 0o600) }

// Binary returns the path of the program that was built last.
func (p *Program) Binary() string { return p.binary }

// Start starts a process of the program and returns when it answers. If it does
// not get ready, the error is a *launch.NotReady.
func (p *Program) Start(ctx context.Context, o launch.Options) (*launch.App, error) {
	waiting, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	o.Binary, o.Env = p.binary, slices.Concat(p.env, o.Env)
	app, err := launch.Start(waiting, o)
	if ctx.Err() != nil {
		if app != nil {
			app.Kill()
		}
		return nil, ctx.Err()
	}
	if notReady, ok := errors.AsType[*launch.NotReady](err); ok {
		return nil, notReady
	}
	return app, err
}

// Stop stops a process when its supervisor ends. Ctrl+C on a terminal reaches
// both, so the process first gets a moment: a second signal would interrupt its
// clean end.
func Stop(app *launch.App) error {
	select {
	case <-app.Done():
		return nil
	case <-time.After(moment):
		return app.Stop()
	}
}

// EndsToo reports whether ctx ends together with a process that has just ended.
// Ctrl+C reaches both, and the process may be faster.
func EndsToo(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return true
	case <-time.After(moment):
		return false
	}
}

// Close deletes the built files, and stops the Redis that Open started.
func (p *Program) Close() error {
	if p.redis.Embedded != nil {
		p.redis.Embedded.Close()
	}
	return os.RemoveAll(p.bin)
}
