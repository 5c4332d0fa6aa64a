package learn_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"example.com/session-workshop/check/contract"
	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/tools/internal/repotest"
)

// Lines of the steps that exercises change.
const (
	hincrby  = "visits, err := a.rdb.HIncrBy(c.Request().Context(), key, \"visits\", 1).Result()\n"
	visits2  = "Visits: visits}"
	pipeline = "\t\tvisits = multi.HIncrBy(c.Request().Context(), key, \"visits\", 1)\n\t\tmulti.Expire(c.Request().Context(), key, a.ttl)\n"
	visitsP  = "<p>Visits: {{.Visits}}</p>"
	problem  = "\tProblem  string\n"
)

// solved are the exercises as a learner would do them: for each file of our
// solution of the step, pairs of an old and a new text.
var solved = map[string][]fileChange{
	"visits-in-cookie": {{"main.go", []string{
		problem, problem + "\tVisits int\n",
		"<h1>Logged in as {{.Username}}</h1>", "<h1>Logged in as {{.Username}}</h1><p>Visits: {{.Visits}}</p>",
		"\treturn c.Render(http.StatusOK, \"index\", page{Username: username(c)})\n", `	if username(c) == "" {
		return c.Render(http.StatusOK, "index", page{})
	}
	s := cookie(c)
	n, _ := s.Values["visits"].(int)
	s.Values["visits"] = n + 1
	if err := s.Save(c.Request(), c.Response()); err != nil {
		return err
	}
	return c.Render(http.StatusOK, "index", page{Username: username(c), Visits: n + 1})
`,
		"\ts.Values[\"username\"] = name\n", "\ts.Values[\"username\"] = name\n\ts.Values[\"visits\"] = 0\n",
	}}},
	"unsigned": {{"main.go", []string{
		"import (\n", "import (\n\t\"net/url\"\n",
		"\ts := cookie(c)\n\ts.Values[\"username\"] = name\n\tif err := s.Save(c.Request(), c.Response()); err != nil {\n\t\treturn err\n\t}\n",
		"\tc.SetCookie(&http.Cookie{Name: cookieName, Value: url.QueryEscape(name), Path: \"/\"})\n",
		"\ts := cookie(c)\n\t// A negative age tells the browser to delete the cookie; nil removes the name.\n\ts.Values, s.Options.MaxAge = nil, -1\n\tif err := s.Save(c.Request(), c.Response()); err != nil {\n\t\treturn err\n\t}\n",
		"\tc.SetCookie(&http.Cookie{Name: cookieName, Path: \"/\", MaxAge: -1})\n",
		"\tname, _ := cookie(c).Values[\"username\"].(string)\n\treturn name\n",
		"\tk, err := c.Cookie(cookieName)\n\tif err != nil {\n\t\treturn \"\"\n\t}\n\tname, _ := url.QueryUnescape(k.Value)\n\treturn name\n",
	}}},
	"login-ends": {{"main.go", []string{"\n\te := web.New(pages)\n", "\tstore.MaxAge(5)\n\n\te := web.New(pages)\n"}}},
	"last-visit": {{"main.go", []string{
		"import (\n", "import (\n\t\"errors\"\n\t\"time\"\n",
		problem, problem + "\tLastVisit string\n",
		visitsP, visitsP + "<p>Last visit: {{.LastVisit}}</p>",
		hincrby, `ctx := c.Request().Context()
	var visits *redis.IntCmd
	var last *redis.StringCmd
	_, err := a.rdb.TxPipelined(ctx, func(multi redis.Pipeliner) error {
		last = multi.HGet(ctx, key, "last_visit")
		multi.HSet(ctx, key, "last_visit", time.Now().Format(time.RFC3339Nano))
		visits = multi.HIncrBy(ctx, key, "visits", 1)
		return nil
	})
	if errors.Is(err, redis.Nil) {
		err = nil
	}
`,
		visits2, "Visits: visits.Val(), LastVisit: last.Val()}",
	}}},
	"lost-update": {{"main.go", []string{
		"import (\n", "import (\n\t\"errors\"\n",
		hincrby, `ctx := c.Request().Context()
	n, err := a.rdb.HGet(ctx, key, "visits").Int64()
	if err != nil && !errors.Is(err, redis.Nil) {
		return err
	}
	visits := n + 1
	err = a.rdb.HSet(ctx, key, "visits", visits).Err()
`,
	}}},
	"place": {{"main.go", []string{
		problem, problem + "\tPlace int64\n",
		visitsP, visitsP + "<p>Your place: {{.Place}}</p>",
		hincrby, `ctx := c.Request().Context()
	var visits, place *redis.IntCmd
	_, err := a.rdb.TxPipelined(ctx, func(multi redis.Pipeliner) error {
		visits = multi.HIncrBy(ctx, key, "visits", 1)
		multi.ZIncrBy(ctx, "workshop:places", 1, username(c))
		place = multi.ZRevRank(ctx, "workshop:places", username(c))
		return nil
	})
`,
		visits2, "Visits: visits.Val(), Place: place.Val() + 1}",
	}}},
	"expire-first": {{"main.go", []string{
		pipeline, "\t\tmulti.Expire(c.Request().Context(), key, a.ttl)\n\t\tvisits = multi.HIncrBy(c.Request().Context(), key, \"visits\", 1)\n",
	}}},
	"ttl-per-user": {{"main.go", []string{
		"import (\n", "import (\n\t\"strings\"\n",
		"\tvar visits *redis.IntCmd\n", "\tvar visits *redis.IntCmd\n\tttl := a.ttl\n\tif strings.HasPrefix(username(c), \"vip-\") {\n\t\tttl = 3 * a.ttl\n\t}\n",
		"multi.Expire(c.Request().Context(), key, a.ttl)", "multi.Expire(c.Request().Context(), key, ttl)",
	}}},
	"time-left": {{"main.go", []string{
		problem, problem + "\tLeft int64\n",
		visitsP, visitsP + "<p>Time left: {{.Left}} ms</p>",
		"\tvar visits *redis.IntCmd\n", "\tvar visits *redis.IntCmd\n\tvar left *redis.DurationCmd\n",
		pipeline, "\t\tleft = multi.PTTL(c.Request().Context(), key)\n" + pipeline,
		"Visits: visits.Val()}", "Visits: visits.Val(), Left: max(0, left.Val().Milliseconds())}",
	}}},
	"plain-token": {{"session/store.go", []string{
		"\tsum := sha256.Sum256([]byte(t))\n\treturn keyPrefix + hex.EncodeToString(sum[:])\n", "\treturn keyPrefix + string(t)\n",
		"\t\"crypto/sha256\"\n\t\"encoding/hex\"\n", "",
	}}},
	"log-out-everywhere": {indexed, {"main.go", []string{
		"\te.POST(\"/logout\", a.logout)\n", "\te.POST(\"/logout\", a.logout)\n\te.POST(\"/logout-everywhere\", a.logoutEverywhere)\n",
		"\n// sessionKey is the key", `
func (a app) logoutEverywhere(c echo.Context) error {
	if err := a.store.DeleteAll(c.Request().Context(), a.cookie.Token(c.Request())); err != nil {
		return err
	}
	a.cookie.Delete(c.Response())
	return c.Redirect(http.StatusSeeOther, "/")
}

// sessionKey is the key`,
	}}},
	"devices": {indexed, {"main.go", []string{
		problem, problem + "\tSessions int64\n",
		visitsP, visitsP + "<p>Sessions: {{.Sessions}}</p>",
		"\treturn c.Render(http.StatusOK, \"index\", page{Username: s.Username, Visits: s.Visits})\n", `	alive, err := a.store.Alive(c.Request().Context(), s.Username)
	if err != nil {
		return err
	}
	return c.Render(http.StatusOK, "index", page{Username: s.Username, Visits: s.Visits, Sessions: alive})
`,
	}}},
}

// indexed is a store that knows the sessions of a user.
var indexed = fileChange{"session/store.go", []string{
	"\t\treturn nil\n\t})\n\treturn t, err\n", "\t\tmulti.SAdd(ctx, userKey(username), s.Key(t))\n\t\tmulti.Expire(ctx, userKey(username), 24*time.Hour)\n\t\treturn nil\n\t})\n\treturn t, err\n",
	"\n// Delete ends the session:", `
func userKey(username string) string { return "workshop:user-sessions:" + username }

func (s *Store) DeleteAll(ctx context.Context, t Token) error {
	name, err := s.rdb.HGet(ctx, s.Key(t), "username").Result()
	if err != nil {
		return err
	}
	keys, err := s.rdb.SMembers(ctx, userKey(name)).Result()
	if err != nil {
		return err
	}
	return s.rdb.Del(ctx, append(keys, userKey(name))...).Err()
}

func (s *Store) Alive(ctx context.Context, username string) (int64, error) {
	keys, err := s.rdb.SMembers(ctx, userKey(username)).Result()
	if err != nil {
		return 0, err
	}
	return s.rdb.Exists(ctx, keys...).Result()
}

// Delete ends the session:`,
}}

type fileChange struct {
	file   string
	fromTo []string
}

func TestEachExerciseOnARealCopy(t *testing.T) {
	testall.Only(t)
	root := repotest.Clone(t)
	for n := 1; n <= 4; n++ {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			c := started(t, root, n)
			exercises := contract.Exercises(n)
			putSolution(t, c)
			said := fails(t, checkOf(c, exercises[0].Name))
			repotest.WantText(t, said, "FAIL  1 "+exercises[0].Checks[0].ID+": "+plain(exercises[0].Checks[0].Name.EN),
				fmt.Sprintf("make check%d EX=%s HINT=2", n, exercises[0].Name))
			for _, e := range exercises {
				putSolution(t, c)
				for _, change := range solved[e.Name] {
					repotest.Change(t, filepath.Join(c.Dir(), filepath.FromSlash(change.file)), change.fromTo...)
				}
				said := passes(t, checkOf(c, e.Name))
				repotest.WantText(t, said, "Passed: the exercise "+e.Name)
				if e.Breaks {
					repotest.WantText(t, said, fmt.Sprintf("To go back to what passed: make undo%d", n))
				}
				wantASCII(t, said)
			}
			repotest.WantText(t, status(t, root), fmt.Sprintf("step %d  started, not checked", n))
		})
	}
}

// A command that is sent alone is another round trip, which pages do not show.
func TestAnExtraRoundTripIsFound(t *testing.T) {
	testall.Only(t)
	c := started(t, repotest.Clone(t), 2)
	putSolution(t, c)
	main := filepath.Join(c.Dir(), "main.go")
	repotest.Change(t, main, solved["last-visit"][0].fromTo...)
	repotest.Change(t, main, "\tif errors.Is(err, redis.Nil) {", "\ta.rdb.Ping(ctx)\n\tif errors.Is(err, redis.Nil) {")
	repotest.WantText(t, fails(t, checkOf(c, "last-visit")),
		"FAIL  3 one-round-trip: a visit is one round trip", "expected: 1 round trip", "got:      2")
}
