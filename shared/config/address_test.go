package config_test

import (
	"fmt"
	"strings"
	"testing"

	"example.com/session-workshop/shared/config"
)

// Each value holds a part of a password. No error may repeat it, in any setting.
func TestNoPartOfAPasswordIsRepeated(t *testing.T) {
	for _, value := range []string{
		"redis://:hunter2", "redis://user:hunter2@", "redis://user:hunter2@host:port", "hunter2@host:6379",
		"redis://user:hunter2%zz@host", "redis://us er:hunter2@host", "http://user:hunter2@host", "redis://hunter2@host",
		"redis://default:57#hunter2@host:7100/0", "redis://default:57?hunter2@host", "redis://default:57/hunter2@host:7100/0",
		"redis://default:57#hunter2", "redis://default:57?hunter2=1@host", "redis://host/hunter2", "redis://host?hunter2",
		"redis://host?password=hunter2", "redis://host?db=1&hunter2", "redis://:ab c@hunter2:6379", "redis://[hunter2", "redis://a:b@host:1/hunter2?db=1", "hunter2",
	} {
		if got := config.Shown(value); strings.Contains(got, "hunter2") && value != "redis://:ab c@hunter2:6379" {
			t.Errorf("of %s is shown %s", value, got)
		}
		for _, name := range config.Variables() {
			if name == "SECRET_KEY" {
				continue
			}
			_, err := load(name+"="+value, "SECRET_KEY="+strings.Repeat("k", 32))
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%s=%s: %v", name, value, err)
			}
			if err == nil && name == "REDIS_URL" {
				t.Errorf("%s was accepted", value)
			}
		}
		for _, args := range [][]string{{value}, {"-" + value}, {"-redis-cluster=" + value}, {"-port", value}, {"-ttl=" + value}, {"-redis-urk=" + value}, {"-redis-url", "redis://:a", value}, {"---redis-url=" + value}} {
			if _, err := config.Load(args, func(string) string { return "" }, all...); err == nil || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%q: %v", args, err)
			}
		}
	}
}

func TestOnlySafePartsOfAnAddressAreShown(t *testing.T) {
	for value, want := range map[string]string{
		"redis://127.0.0.1:6379":                    "redis://127.0.0.1:6379",
		"redis://anna:hunter2@host:7100/3":          "redis://host:7100/3",
		"rediss://:57%23Wc903z@host?skip_verify=1":  "rediss://host",
		"redis://[::1]:6379":                        "redis://[::1]:6379",
		"https://anna:hunter2@proxy.example/x?y=z":  "https://proxy.example",
		"redis://default:57#Wc903z@127.0.0.1:710/0": "(not shown: it may hold a password)",
	} {
		if got := config.Shown(value); got != want {
			t.Errorf("of %s is shown %s, want %s", value, got, want)
		}
	}
}

func TestEachPartOfAnAddressIsAcceptedOrNamed(t *testing.T) {
	for value, want := range map[string]string{
		"redis://host":                        "",
		"REDIS://host:6379/":                  "",
		"redis://:p%40ss%23@host:6379/15":     "",
		"rediss://u:p@[::1]?skip_verify=true": "",
		"rediss://host?skip_verify=1":         "",
		"rediss://host?skip_verify=":          "",

		"redis://default:57#Wc903z@host:7100/0": "percent-encoded",
		"redis://:pass word@host":               "percent-encoded",
		"redis://:50%off@host":                  "percent-encoded",
		"redis://:a/b@host":                     "percent-encoded",
		"redis://:1?b@host":                     "percent-encoded",
		"redis://host:99999":                    "its port",
		"redis://host:0":                        "its port",
		"redis://:6379":                         "its host",
		"redis://<endpoint>:6379":               "its host",
		"redis://a:6379,b:6379":                 "its host",
		"redis://host/sessions":                 "number of a database",
		"redis://host/1/2":                      "number of a database",
		"redis://host/-1":                       "number of a database",
		"redis://host?family=0":                 "(family)",
		"redis://host?read_timeout=1s&db=3":     "(db, read_timeout)",
		"redis://host?skip_verify=true":         "(skip_verify)",
		"rediss://host?skip_verify=perhaps":     "(skip_verify)",
		"rediss://host?skip_verify=1&db=2":      "(db, skip_verify)",
		"redis://host?DB=3":                     "(DB)",
		"redis://host?readTimeout=1s&ssl-ca=x":  "(readTimeout, ssl-ca)",
		"redis://例え.jp":                         "its host",
		"redis://host?%zz":                      "percent-encoded",
		"redis://secret@host":                   "redis://:password@host",
		"redis://user:@host":                    "redis://:password@host",
		"unix:///run/redis.sock":                "begin with redis://",
		"host:6379":                             "begin with redis://",
	} {
		_, err := load("REDIS_URL=" + value)
		if (err == nil) != (want == "") || err != nil && (!strings.HasPrefix(err.Error(), "REDIS_URL: ") || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", value, err, want)
		}
	}
	if _, err := load("REDIS_URL=redis://host/3", "REDIS_CLUSTER=true"); err == nil || !strings.Contains(err.Error(), "database 0, not 3") {
		t.Errorf("a database in a cluster: %v", err)
	}
}

// Invisible characters, and quotes that a shell would have removed, are no part of
// a value, in a variable or in a flag.
func TestWhatSurroundsAValueIsRemoved(t *testing.T) {
	for _, around := range []string{"%s\n", "%s\r\n", " %s\t", "\ufeff%s", `"%s"`, "'%s'", "\u201c%s\u201d", " \"%s\"\r\n", "%s\u200b"} {
		for name, value := range map[string]string{"REDIS_URL": "redis://host:7100", "PORT": "5001", "HOST": "::1", "SESSION_TTL": "2m", "REDIS_CLUSTER": "true", "PUBLIC_URL": "http://localhost"} {
			want, err := load(name + "=" + value)
			if err != nil {
				t.Fatal(err)
			}
			for _, word := range []string{name + "=" + fmt.Sprintf(around, value), "-" + flags[name] + "=" + fmt.Sprintf(around, value)} {
				if name == "REDIS_CLUSTER" && word[0] == '-' {
					continue
				}
				got, err := load(word)
				if err != nil {
					t.Errorf("%q: %v", word, err)
					continue
				}
				if fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("%q: %+v, want %+v", word, got, want)
				}
			}
		}
	}
}

var flags = map[string]string{"REDIS_URL": "redis-url", "PORT": "port", "HOST": "host", "SESSION_TTL": "ttl", "PUBLIC_URL": "public-url"}

func TestOddAddressesAndPortsAreRefused(t *testing.T) {
	for _, word := range []string{
		"PUBLIC_URL=https://user@host", "PUBLIC_URL=//host", "PUBLIC_URL=https://例え.jp", "PUBLIC_URL=http://[::1", "PUBLIC_URL=https://:443", "PUBLIC_URL=https://host:0", "PUBLIC_URL=https://host:99999", "PUBLIC_URL=https://host:", "PUBLIC_URL=https://*",
		"PUBLIC_URL=https://a.example,https://b.example", "PUBLIC_URL=https://host/app", "PUBLIC_URL=https://host?x=1", "PUBLIC_URL=https://host#x", "PUBLIC_URL=host:443",
		"PORT=-1", "PORT=+1", "PORT=65536", "PORT=5000/tcp", "PORT=tcp://10.0.0.1:5000", "PORT=５０００", "-host=x86_64-conda-linux-gnu", "-host=127.0.0.1:5000",
	} {
		if _, err := load(word, "SECRET_KEY="+strings.Repeat("k", 32)); err == nil {
			t.Errorf("%s was accepted", word)
		}
	}
}

// In Host and Origin, a browser sends lower case and no default port.
func TestAPublicURLIsKeptAsBrowsersSendIt(t *testing.T) {
	for value, want := range map[string]string{
		"https://host:443": "https://host", "HTTP://Host:80/": "http://host", "https://[::1]:443": "https://[::1]",
		"https://Shop.Example:443": "https://shop.example", "http://shop.example:80/": "http://shop.example", "https://host:8443": "https://host:8443",
		"https://host:80": "https://host:80", "https://host/?": "https://host", "http://host:8080": "http://host:8080",
	} {
		cfg, err := load("PUBLIC_URL="+value, "SECRET_KEY="+strings.Repeat("k", 32))
		if err != nil || cfg.PublicURL.String() != want {
			t.Errorf("%s: %v, error %v, want %s", value, cfg.PublicURL, err, want)
		}
	}
}

func TestAnInvalidPublicURLIsNamed(t *testing.T) {
	for value, want := range map[string]string{"https://host:99999": "its port", "https://:443": "its host", "ftp://host": "http:// or https://"} {
		_, err := load("PUBLIC_URL=" + value)
		if err == nil || !strings.HasPrefix(err.Error(), "PUBLIC_URL: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", value, err, want)
		}
	}
}

func TestAHostThatAnotherProgramSetIsIgnored(t *testing.T) {
	for _, value := range []string{"x86_64-conda-linux-gnu", "arm64-apple-darwin20.0.0", "annas-mac", "web-1.example.com"} {
		cfg, err := load("HOST=" + value)
		if err != nil || cfg.Host != "127.0.0.1" || !strings.Contains(strings.Join(cfg.Warnings(), " "), "HOST is set but not read") {
			t.Errorf("HOST=%s: %q, error %v, warnings %q", value, cfg.Host, err, cfg.Warnings())
		}
	}
	for _, words := range [][]string{nil, {"HOST=127.0.0.1"}, {"HOST=localhost"}} {
		if cfg, err := load(words...); err != nil || strings.Contains(strings.Join(cfg.Warnings(), " "), "HOST") {
			t.Errorf("%q: error %v, warnings %q", words, err, cfg.Warnings())
		}
	}
}
