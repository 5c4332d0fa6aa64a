package contract

import (
	"fmt"
	"net/http"
	"net/url"

	"example.com/session-workshop/check/browse"
	"example.com/session-workshop/shared/lang"
)

// firstVisits are the rules about one visitor: the login, and the count of the
// visits.
var firstVisits = []rule{
	{
		id:   "logged-out",
		name: lang.T("without a login, / says You are not logged in", ""),
		hints: []lang.Text{
			lang.T(`For a browser without a login, the handler of GET / writes exactly "You are not logged in".`, ""),
			lang.T(`index renders the page "index". Without a name, the template in pages takes its {{else}}.`, ""),
			lang.T(`return c.Render(http.StatusOK, "index", page{Username: username(c)})`, ""),
		},
		where: inIndex,
		inFour: place{
			where: inIndex,
			hints: []lang.Text{
				lang.T(`ErrNone from Visit is not a failure: this visitor has no session. index then renders the page "index" without a name, and the template takes its {{else}}.`, ""),
				lang.T(`if errors.Is(err, session.ErrNone) { return c.Render(http.StatusOK, "index", page{}) }`, ""),
			},
		},
		run: func(s *scene) { s.browser().expectLoggedOut() },
	},
	{
		id:   "login-form",
		name: lang.T("/login shows a form with a field username", ""),
		hints: []lang.Text{
			lang.T("GET /login answers with a form whose method is post and whose text field is named username.", ""),
			lang.T(`GET /login must lead to loginForm, which renders the page "login". Its form has method="post", its input name="username".`, ""),
			lang.T(`e.GET("/login", loginForm), and in pages: <form method="post"> … <input name="username">`, ""),
		},
		where: inPages,
		run:   loginForm,
	},
	{
		id:   "login-redirect",
		name: lang.T("after login the browser is sent back to /", ""),
		hints: []lang.Text{
			lang.T("POST /login reads the form field username, remembers it, and answers with a redirect (status 303) to /.", ""),
			lang.T("web.Username(c) reads the name from the form, and says what is wrong with it. At the end, c.Redirect sends the browser on.", ""),
			lang.T(`name, problem := web.Username(c) … return c.Redirect(http.StatusSeeOther, "/")`, ""),
		},
		where: inLogin,
		inFour: place{
			where: inLogin,
			hints: []lang.Text{
				lang.T("Use your store in main.go, in place of the signed cookie: the comment at the top of session/store.go shows how. POST /login then answers with a redirect (status 303) to /.", ""),
				lang.T("web.Username(c) reads the name; an error of the store is returned; at the end, c.Redirect sends the browser on.", ""),
				lang.T(`token, err := a.store.Create(c.Request().Context(), name) … return c.Redirect(http.StatusSeeOther, "/")`, ""),
			},
		},
		run: func(s *scene) {
			s.expectToRoot(s.browser().login(s.user))
		},
	},
	{
		id:   "logged-in-name",
		name: lang.T("after login the page says Logged in as and your name", ""),
		hints: []lang.Text{
			lang.T("Does POST /login send a Set-Cookie header, with Path=/? And does GET / read the login from that cookie?", ""),
			lang.T("cookie(c) gets the session of the cookie with store.Get. login puts the name into its Values and saves it before the redirect; username reads it from there.", ""),
			lang.T(`s, _ := store.Get(c.Request(), cookieName) / s.Values["username"] = name; s.Save(c.Request(), c.Response()) / name, _ := cookie(c).Values["username"].(string)`, ""),
		},
		where: "main.go, func login, func cookie, func username",
		inFour: place{
			where: "main.go, func login, func index",
			hints: []lang.Text{
				lang.T("login gives the token of Create to the browser with Cookie.Set. index gets it back with Cookie.Token and asks Visit who that is.", ""),
				lang.T("a.cookie.Set(c.Response(), token) / s, err := a.store.Visit(ctx, a.cookie.Token(c.Request())) … page{Username: s.Username}", ""),
			},
		},
		run: func(s *scene) {
			b := s.loggedIn()
			b.expectLoggedIn(s.user)
		},
	},
	{
		id:    "first-visit",
		name:  lang.T("the first visit says Visits: 1", ""),
		steps: counting,
		hints: []lang.Text{
			lang.T("HINCRBY adds one and returns the new number. Show that number on the page. The login itself is not a visit.", ""),
			lang.T("index needs the Redis client: make it in run with redisconn.MustOpen(cfg), and keep it in a struct whose method index is. HIncrBy on the user's key, field visits, returns the number; page and template need a field Visits. In a function of TxPipelined the number is still 0: read it after TxPipelined has returned.", ""),
			lang.T(`visits, err := a.rdb.HIncrBy(c.Request().Context(), userKey(c), "visits", 1).Result(), and in pages: <p>Visits: {{.Visits}}</p>`, ""),
		},
		where: inIndex,
		inFour: place{
			where: inVisit,
			hints: []lang.Text{
				lang.T("Create sets visits to 0, Visit adds one with HINCRBY and returns the new number, index shows it.", ""),
				lang.T("local visits = redis.call('HINCRBY', KEYS[1], 'visits', 1) … page{Username: s.Username, Visits: s.Visits}", ""),
			},
		},
		run: firstVisit,
	},
	{
		id:    "visit-adds-one",
		name:  lang.T("every visit adds one", ""),
		steps: counting,
		hints: []lang.Text{
			lang.T("Each GET / of a logged-in browser adds exactly one. Is the count reset by a visit, or is the counting code called twice?", ""),
			lang.T("Send one HINCRBY with 1 in each call of index that has a name, and set the field nowhere else. From step 3 on, EXPIRE with 0 removes the key: cfg.SessionTTL is 0 if config.MustLoad has the number of an earlier step.", ""),
			lang.T(`visits, err := a.rdb.HIncrBy(c.Request().Context(), key, "visits", 1).Result()`, ""),
		},
		where: inIndex,
		inFour: place{
			where: inVisit,
			hints: []lang.Text{
				lang.T("index calls Visit once, and Visit sends HINCRBY once, with 1.", ""),
				lang.T("redis.call('HINCRBY', KEYS[1], 'visits', 1)", ""),
			},
		},
		run: func(s *scene) {
			b := s.loggedIn()
			for n := range 5 {
				b.expectVisits(n + 1)
			}
		},
	},
	{
		id:    "count-in-redis",
		name:  lang.T("Redis holds the count", ""),
		steps: byName,
		hints: []lang.Text{
			lang.T("The count belongs in a Redis hash: the user name is part of the key, the field is visits. Does the app use the same Redis, and the same database number, as the check?", ""),
			lang.T("The key ends in the user name, for example workshop:user:aaa. The command is HINCRBY, not INCR, so that the key holds a hash; the client comes from redisconn.MustOpen(cfg), and config.MustLoad has the number of your step.", ""),
			lang.T(`func userKey(c echo.Context) string { return "workshop:user:" + username(c) } / a.rdb.HIncrBy(c.Request().Context(), userKey(c), "visits", 1)`, ""),
		},
		where: "main.go, func index, func userKey",
		run: func(s *scene) {
			s.visited(2)
			s.expectCount(s.key(), 2)
		},
	},
	{
		id:    "login-in-redis",
		name:  lang.T("the login lives in Redis", ""),
		steps: onlyFour,
		hints: []lang.Text{
			lang.T("Login makes a new hash in Redis and puts the user name into a field of it. Does the app use the same Redis, and the same database number, as the check?", ""),
			lang.T("Write Store.Create, and call it in login in place of the signed cookie. In Create, HSet makes the hash; Cookie.Set gives the token to the browser.", ""),
			lang.T(`multi.HSet(ctx, s.Key(t), "username", username, "visits", 0) / in login: token, err := a.store.Create(ctx, name); a.cookie.Set(c.Response(), token)`, ""),
		},
		where: inCreate,
		run: func(s *scene) {
			s.browser().login(s.user)
			s.key()
		},
	},
	{
		id:    "count-in-session",
		name:  lang.T("the count is in the hash of the login", ""),
		steps: onlyFour,
		hints: []lang.Text{
			lang.T("The session is one hash: it holds the user name and the field visits, so that they end together.", ""),
			lang.T("Visit counts in the same key in which Create wrote username. The field is called visits.", ""),
			lang.T("redis.call('HINCRBY', KEYS[1], 'visits', 1), with KEYS[1] = s.Key(t)", ""),
		},
		where: inVisit,
		run: func(s *scene) {
			s.visited(2)
			s.expectCount(s.key(), 2)
		},
	},
	{
		id:    "count-from-redis",
		name:  lang.T("the page shows the number that is in Redis", ""),
		steps: counting,
		hints: []lang.Text{
			lang.T("The check wrote 41 into Redis, so the next visit is number 42. If the page goes on with its own number, there is a counter in the app's memory: a restart loses it, and a second server has another. Show what HINCRBY returns.", ""),
			lang.T("Give the page the answer of HINCRBY itself, and keep no number in a variable or a struct of the app.", ""),
			lang.T("visits, err := a.rdb.HIncrBy(…).Result() … page{Username: username(c), Visits: visits}", ""),
		},
		where: inIndex,
		inFour: place{
			where: inVisit,
			hints: []lang.Text{
				lang.T("Visit returns what HINCRBY answered, and Store keeps no number in Go.", ""),
				lang.T("reply, err := visit.Run(…).Slice(); visits, _ := reply[1].(int64)", ""),
			},
		},
		run: func(s *scene) {
			b := s.visited(1)
			s.setCount(s.key(), "41")
			b.expectVisits(42)
		},
	},
}

func loginForm(s *scene) {
	p := s.browser().loadForm("/login", nil)
	s.expect(p.Status == http.StatusOK, lang.T("GET /login to answer 200", ""), p.said())
	s.expect(postForm.in(browse.Parse(p.Body)), lang.T("a form with method=post on GET /login", ""), lang.Same(quote(p.Body)))
	s.expect(nameField.in(browse.Parse(p.Body)), lang.T("an input with name=username on GET /login", ""), lang.Same(quote(p.Body)))
}

// expectToRoot expects the redirect p to lead to / of the same app.
func (s *scene) expectToRoot(p page) {
	to := p.Header.Get("Location")
	base, err := url.Parse(s.browser().Address("/"))
	s.expect(err == nil, lang.T("a valid URL of the app", ""), lang.Same(fmt.Sprint(err)))
	if err != nil {
		return
	}
	target, err := base.Parse(to)
	s.expect(to != "" && err == nil && target.String() == base.String(), lang.T("a redirect with Location /", ""), p.said())
}

func (s *scene) expectCount(key string, want int) {
	got := s.count(key)
	s.expect(got == fmt.Sprint(want), lang.T("HGET %s visits to be %d, as on the page", "", key, want), lang.Same(quote(got)))
}

// firstVisit expects 1. More than that has two usual causes: the login was
// counted too, or all names share one count, which the visit of a second name
// shows.
func firstVisit(s *scene) {
	one, two := s.browser(), s.browser()
	one.login(s.user + "-one")
	first, _ := one.get("/").Visits()
	if first > 1 {
		two.login(s.user + "-two")
		if next, _ := two.get("/").Visits(); next > first {
			s.expect(false, lang.T(`the first visit of a name to say "Visits: 1"`, ""),
				lang.T(`"Visits: %d", and for the next new name "Visits: %d"`, "", first, next))
			s.see("names-apart")
		}
	}
	s.visited(1)
}
