package faults

import (
	"os"
	"testing"

	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/wait"
	"example.com/session-workshop/sessionstore"
)

// Redis refuses to write for a reason that the caller did not cause.
func TestARefusedWriteIsAnOutage(t *testing.T) {
	t.Parallel()
	for name, refuse := range map[string]func(t *testing.T, server *redistest.Server, dir string){
		// By default Redis refuses writes after a failed save to disk.
		"MISCONF": func(t *testing.T, server *redistest.Server, dir string) {
			must(t, server.Client.ConfigSet(t.Context(), "save", "3600 1000000").Err())
			must(t, os.RemoveAll(dir))
			must(t, server.Client.BgSave(t.Context()).Err())
			wait.For(t, "the save has failed", func() bool {
				info, err := server.Client.InfoMap(t.Context(), "persistence").Result()
				return err == nil && info["Persistence"]["rdb_last_bgsave_status"] == "err"
			})
		},
		"NOREPLICAS": func(t *testing.T, server *redistest.Server, _ string) {
			must(t, server.Client.ConfigSet(t.Context(), "min-replicas-to-write", "1").Err())
		},
		"NOPERM": func(t *testing.T, server *redistest.Server, _ string) {
			must(t, server.Client.ACLSetUser(t.Context(), "default", "-evalsha", "-eval").Err())
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			server := redistest.StartServer(t, "--dir", dir)
			store := newStore(t, server)
			b := loggedIn(t, store, "aaa")
			cookie := b.Cookie
			refuse(t, server, dir)
			for call, do := range everyCall(store, b, b.Session().Handle()) {
				wantErr(t, call, do(within(t, suiteTimeout)), sessionstore.ErrUnavailable)
			}
			if b.Cookie != cookie {
				t.Error("the cookie changed")
			}
		})
	}
}

// Another program has written keys of another type under the names of the store.
func TestAKeyOfAnotherTypeIsAnOutage(t *testing.T) {
	t.Parallel()
	server := redistest.StartServer(t)
	store := newStore(t, server)
	b := loggedIn(t, store, "aaa")
	for _, key := range server.Client.Keys(t.Context(), prefix+"*").Val() {
		must(t, server.Client.Set(t.Context(), key, "a string", 0).Err())
	}
	for call, do := range everyCall(store, b, b.Session().Handle()) {
		wantErr(t, call, do(within(t, suiteTimeout)), sessionstore.ErrUnavailable)
	}
}
