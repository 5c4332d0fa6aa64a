package docs

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.com/session-workshop/check/redisserver"
	"example.com/session-workshop/check/steptest"
	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/tools/elasticache"
	"example.com/session-workshop/tools/elasticache/elasticachetest"
)

// The guide for a cache made by hand explains each error at the start of a
// step. This test causes each of them.
func TestTheGuideByHandExplainsEachErrorOfAStart(t *testing.T) {
	testall.Only(t)
	if _, err := redisserver.Find(); err != nil {
		t.Skipf("NOT tested: the errors of a step at its start: %v", err)
	}
	step, err := steptest.Program(filepath.Join(root, "step3-ttl"))
	if err != nil {
		t.Fatal(err)
	}
	plain := elasticachetest.Start(t, elasticache.Options{Plain: true})
	secured := elasticachetest.Start(t, elasticache.Options{})
	cluster := elasticachetest.Start(t, elasticache.Options{Plain: true, Cluster: true})
	noRights := elasticachetest.Start(t, elasticache.Options{AccessString: "on ~workshop:* -@all +ping"})
	const noAnswer = "REDIS_URL: … no answer in time. A firewall or security group"
	var want []string
	for _, c := range []struct {
		row string // … stands for an address
		env []string
	}{
		{"SECRET_KEY: it must be set, because this app can be reached from other machines.", []string{"HOST=0.0.0.0"}},
		{"SECRET_KEY: it has 3 bytes and needs at least 32", []string{"HOST=0.0.0.0", "SECRET_KEY=abc"}},
		{"REDIS_URL: it must begin with redis:// or rediss://", []string{"REDIS_URL=" + plain.Addr()}},
		{"REDIS_URL: its host is missing, or cannot be read", []string{"REDIS_URL=redis://my-cache.example:6379:6379"}},
		{"REDIS_URL: its host is missing, or cannot be read", []string{"REDIS_URL=redis://:6379"}},
		{"REDIS_URL: … no machine has the name", []string{"REDIS_URL=redis://my-cache.invalid:6379"}},
		{noAnswer, []string{"REDIS_URL=redis://" + silent(t)}},
		{noAnswer, []string{"REDIS_URL=rediss://" + plain.Addr()}},
		{"REDIS_URL: … the connection was closed without an answer. If this Redis speaks TLS, begin with rediss://", []string{"REDIS_URL=redis://" + secured.Addr()}},
		{"REDIS_URL: … this Redis asks for a password", []string{"REDIS_URL=rediss://" + secured.Addr(), "REDIS_CA_FILE=" + secured.CAFile}},
		{"REDIS_URL: … the user name or the password is wrong.", []string{"REDIS_URL=rediss://:hunter2@" + secured.Addr(), "REDIS_CA_FILE=" + secured.CAFile}},
		{"REDIS_URL: … this Redis does not let the app work", noRights.Environment()},
		{"REDIS_URL: … this Redis is a cluster: set REDIS_CLUSTER=true", []string{"REDIS_URL=redis://" + cluster.Addr()}},
		{"REDIS_URL: … this Redis is not a cluster: leave REDIS_CLUSTER unset", []string{"REDIS_URL=redis://" + plain.Addr(), "REDIS_CLUSTER=true"}},
		{"REDIS_URL: … this Redis is a replica", []string{"REDIS_URL=redis://" + plain.ReaderAddr()}},
	} {
		cmd := exec.Command(step)
		cmd.Env = slices.Concat(os.Environ(), []string{"PORT=0"}, c.env)
		if said, err := cmd.CombinedOutput(); err == nil || !says(string(said), c.row) {
			t.Errorf("with %q it ends with %v and says\n%swant %s", c.env, err, said, c.row)
		}
		want = append(want, c.row)
	}
	explained := refusalsIn(read(t, filepath.Join(root, "docs/aws-by-hand.md")))
	if a, b, differ := firstDifference(slices.Compact(want), explained); differ {
		t.Errorf("a step says %q, and the guide explains %q", a, b)
	}
}

// refusalsIn returns the errors in the table of the guide.
func refusalsIn(guide string) (rows []string) {
	for _, row := range errorRow.FindAllStringSubmatch(guide, -1) {
		if strings.Contains(row[1], ": ") {
			rows = append(rows, row[1])
		}
	}
	return rows
}

// says reports whether a program has printed the text of a row, in which …
// stands for an address.
func says(printed, row string) bool {
	for _, words := range strings.Split(row, "…") {
		_, rest, found := strings.Cut(printed, words)
		if !found {
			return false
		}
		printed = rest
	}
	return true
}

// silent returns the address of a server that never answers, like one behind a
// security group without a rule.
func silent(t *testing.T) (addr string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener.Addr().String()
}
