package config_test

import (
	"errors"
	"flag"
	"strings"
	"testing"
	"time"

	"example.com/session-workshop/shared/config"
)

var all = []config.Group{config.SecretKey, config.Redis, config.TTL, config.MaxAge}

// load reads the settings from words like PORT=5001 and from flags.
func load(words ...string) (config.Config, error) {
	variables := map[string]string{}
	var args []string
	for _, word := range words {
		if name, value, ok := strings.Cut(word, "="); ok && !strings.HasPrefix(word, "-") {
			variables[name] = value
			continue
		}
		args = append(args, word)
	}
	return config.Load(args, func(name string) string { return variables[name] }, all...)
}

func TestDefaults(t *testing.T) {
	cfg, err := load()
	if err != nil {
		t.Fatal(err)
	}
	want := config.Config{
		SecretKey: config.DevelopmentKey, Host: "127.0.0.1", Port: 5000,
		SessionTTL: 10 * time.Second, SessionMaxAge: 8 * time.Hour, UnderTheHood: true,
	}
	if cfg != want {
		t.Errorf("got  %+v\nwant %+v", cfg, want)
	}
	if !cfg.Loopback() || cfg.HTTPS() {
		t.Error("the defaults must be plain HTTP on loopback")
	}
}

func TestAFlagWinsOverItsVariable(t *testing.T) {
	cfg, err := load("PORT=5001", "SESSION_TTL=1m", "-ttl=2m", "-redis-cluster")
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Port != 5001 || !cfg.PortSet || cfg.SessionTTL != 2*time.Minute || !cfg.RedisCluster {
		t.Errorf("got %+v", cfg)
	}
}

func TestMoreTimeIsOfferedIfTheTTLIsShort(t *testing.T) {
	for ttl, want := range map[string]bool{"10s": true, "1m59s": true, "2m": false, "10m": false} {
		cfg, err := load("SESSION_TTL=" + ttl)
		if err != nil {
			t.Fatal(err)
		}
		if offered := strings.Contains(cfg.AboutTTL(), "-ttl 2m"); offered != want {
			t.Errorf("with SESSION_TTL=%s the app says %q", ttl, cfg.AboutTTL())
		}
	}
}

func TestEveryProblemIsNamedAtOnce(t *testing.T) {
	_, err := load("PORT=http", "SESSION_TTL=10", "SESSION_MAX_AGE=1ms", "REDIS_URL=localhost:6379",
		"UNDER_THE_HOOD=perhaps", "REDIS_CLUSTER=perhaps", "PUBLIC_URL=ftp://x", "HOST=0.0.0.0", "-colour=red")
	if err == nil {
		t.Fatal("all of this was accepted")
	}
	for _, word := range []string{"PORT:", "SESSION_TTL:", "SESSION_MAX_AGE:", "REDIS_URL:", "REDIS_CLUSTER:", "UNDER_THE_HOOD:",
		"PUBLIC_URL:", "SECRET_KEY:", "openssl rand -hex 32", "colour"} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q is missing in:\n%v", word, err)
		}
	}
}

func TestBeyondLoopbackTheKeyMustBeSecret(t *testing.T) {
	long := strings.Repeat("k", 32)
	for _, c := range []struct {
		words []string
		ok    bool
	}{
		{[]string{"HOST=0.0.0.0"}, false},
		{[]string{"HOST=192.168.1.5"}, false},
		{[]string{"PUBLIC_URL=https://workshop.example.com"}, false},
		{[]string{"HOST=0.0.0.0", "SECRET_KEY=short"}, false},
		{[]string{"HOST=0.0.0.0", "SECRET_KEY=" + config.DevelopmentKey}, false},
		{[]string{"HOST=0.0.0.0", "SECRET_KEY=" + long}, true},
		{[]string{"HOST=localhost", "SECRET_KEY=short"}, true},
		{[]string{"HOST=::1"}, true},
		{[]string{"PUBLIC_URL=http://127.0.0.1:5000"}, true},
	} {
		if _, err := load(c.words...); (err == nil) != c.ok {
			t.Errorf("%v: error %v", c.words, err)
		}
	}
}

func TestThePanelIsOnlyForThisMachine(t *testing.T) {
	key := "SECRET_KEY=" + strings.Repeat("k", 32)
	for _, c := range []struct {
		words []string
		on    bool
	}{
		{nil, true},
		{[]string{"UNDER_THE_HOOD=off"}, false},
		{[]string{key, "HOST=0.0.0.0"}, false},
		{[]string{key, "PUBLIC_URL=https://workshop.example.com"}, false},
		{[]string{key, "HOST=0.0.0.0", "-under-the-hood=on"}, true},
	} {
		cfg, err := load(c.words...)
		if err != nil || cfg.UnderTheHood != c.on {
			t.Errorf("%v: %v %v", c.words, cfg.UnderTheHood, err)
		}
	}
}

func TestWarnings(t *testing.T) {
	key := "SECRET_KEY=" + strings.Repeat("k", 32)
	for _, c := range []struct {
		words []string
		want  string
	}{
		{nil, "development key"},
		{[]string{key, "HOST=0.0.0.0"}, "plain HTTP"},
		{[]string{key, "HOST=0.0.0.0", "PUBLIC_URL=https://workshop.example.com"}, ""},
		{[]string{key}, ""},
	} {
		cfg, err := load(c.words...)
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(cfg.Warnings(), " ")
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%v: warnings %q, want %q", c.words, got, c.want)
		}
	}
}

func TestAStepKnowsOnlyItsOwnSettings(t *testing.T) {
	broken := func(name string) string { return map[string]string{"REDIS_URL": "nonsense"}[name] }
	if _, err := config.Load(nil, broken, config.SecretKey); err != nil {
		t.Errorf("step 1 has no Redis, yet: %v", err)
	}
	if _, err := config.Load([]string{"-ttl=1m"}, broken, config.SecretKey); err == nil {
		t.Error("step 1 accepted a TTL that it would ignore")
	}
	if _, err := config.Load([]string{"-h"}, broken); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("-h: %v", err)
	}
}

func TestIAMNeedsAUserAndTLSAndNoPassword(t *testing.T) {
	for _, c := range []struct{ words, why string }{
		{"REDIS_AUTH=iam REDIS_URL=rediss://aaa@host:6379", ""},
		{"REDIS_AUTH=password REDIS_URL=redis://host:6379", ""},
		{"REDIS_AUTH=iam", "rediss://"},
		{"REDIS_AUTH=iam REDIS_URL=redis://aaa@host:6379", "rediss://user@host:6379"},
		{"REDIS_AUTH=iam REDIS_URL=rediss://host:6379", "rediss://user@host:6379"},
		{"REDIS_AUTH=iam REDIS_URL=rediss://aaa:hunter2@host:6379", "no password: rediss://user@host:6379"},
		{"REDIS_AUTH=kerberos", "neither password nor iam"},
	} {
		cfg, err := load(strings.Fields(c.words)...)
		if (c.why == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), "REDIS_")) {
			t.Errorf("%s: error %v", c.words, err)
		}
		if err != nil && (!strings.Contains(err.Error(), c.why) || strings.Contains(err.Error(), "hunter2")) {
			t.Errorf("%s: error %v, want %s", c.words, err, c.why)
		}
		if err == nil && cfg.RedisIAM != strings.Contains(c.words, "iam") {
			t.Errorf("%s: RedisIAM is %v", c.words, cfg.RedisIAM)
		}
	}
}

func TestAFileOfAuthoritiesNeedsTLS(t *testing.T) {
	if cfg, err := load("REDIS_URL=rediss://host:6379", "REDIS_CA_FILE=ca.pem"); err != nil || cfg.RedisCAFile != "ca.pem" {
		t.Errorf("%+v, error %v", cfg, err)
	}
	if _, err := load("REDIS_URL=redis://host:6379", "REDIS_CA_FILE=ca.pem"); err == nil || !strings.Contains(err.Error(), "rediss://") {
		t.Errorf("without TLS: error %v", err)
	}
}

func TestUnsetTakesEverySettingFromAnEnvironment(t *testing.T) {
	set := []string{
		"HOST=0.0.0.0", "PORT=1", "PUBLIC_URL=https://a.example", "UNDER_THE_HOOD=off", "SECRET_KEY=" + strings.Repeat("k", 32),
		"REDIS_URL=rediss://anna@host:1", "REDIS_CLUSTER=true", "REDIS_CA_FILE=ca.pem", "REDIS_AUTH=iam", "SESSION_TTL=1m", "SESSION_MAX_AGE=1m",
	}
	before, err := load(set...)
	if err != nil {
		t.Fatal(err)
	}
	after, err := load(append(set, config.Unset()...)...)
	if err != nil {
		t.Fatal(err)
	}
	want, err := load("PORT=0")
	if err != nil || after != want || before == want {
		t.Errorf("set     %+v\nunset   %+v\ndefault %+v, error %v", before, after, want, err)
	}
	if names := config.Variables(); len(names) != len(set) {
		t.Errorf("%d variables have a name, want %d: %v", len(names), len(set), names)
	}
}

func TestTimesInWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Second: "1 s", 10 * time.Second: "10 s", 100 * time.Second: "100 s", time.Minute: "1 minute", 90 * time.Minute: "90 minutes",
		time.Hour: "1 hour", 26 * time.Hour: "26 hours", 24 * time.Hour: "1 day", 720 * time.Hour: "30 days",
	} {
		if got := config.InWords(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}
