package contract

// guide is what a learner gets beyond a check's first hint.
type guide struct {
	where string
	// means says by what it is done, code is nearly the code.
	means, code string
}

func (g guide) hints() []string {
	if g.means == "" {
		return nil
	}
	return []string{g.means, g.code}
}

// further finds the guide of a check by its name. In step 4 the login has
// moved to another place, so some checks have a guide of their own there.
func further(step int, name string) guide {
	if g, ok := guidesOfFour[name]; ok && step == 4 {
		return g
	}
	return guides[name]
}

// The places that several checks name.
const (
	inIndex  = "main.go, func index"
	inLogin  = "main.go, func login"
	inLogout = "main.go, func logout"
	inMain   = "main.go, func main"
	inPages  = "main.go, var pages"
	inCreate = "session/store.go, func Create"
	inVisit  = "session/store.go, func Visit"
	inKey    = "session/store.go, func Key"
	inDelete = "session/store.go, func Delete"
)

var guides = map[string]guide{
	"without a login, / says You are not logged in": {
		where: inIndex,
		means: "index renders the page \"index\". Without a name, the template in pages takes its {{else}}.",
		code:  "return c.Render(http.StatusOK, \"index\", page{Username: username(c)})",
	},
	"/login shows a form with a field username": {
		where: inPages,
		means: "GET /login must lead to loginForm, which renders the page \"login\". Its form has method=\"post\", its input name=\"username\".",
		code:  "e.GET(\"/login\", loginForm), and in pages: <form method=\"post\"> … <input name=\"username\">",
	},
	"after login the browser is sent back to /": {
		where: inLogin,
		means: "web.Username(c) reads the name from the form, and says what is wrong with it. At the end, c.Redirect sends the browser on.",
		code:  "name, problem := web.Username(c) … return c.Redirect(http.StatusSeeOther, \"/\")",
	},
	"after login the page says Logged in as and your name": {
		where: "main.go, func login, func cookie, func username",
		means: "cookie(c) gets the session of the cookie with session.Get. login puts the name into its Values and saves it before the redirect; username reads it from there.",
		code:  "s, _ := session.Get(cookieName, c) / s.Values[\"username\"] = name; s.Save(c.Request(), c.Response()) / name, _ := cookie(c).Values[\"username\"].(string)",
	},
	"the first visit says Visits: 1": {
		where: inIndex,
		means: "index needs the Redis client: make it in main with redisconn.MustOpen, give config.MustLoad config.Redis too, and keep it in a struct whose method index is. HIncrBy on the user's key, field visits, returns the number; page and template need a field Visits.",
		code:  "visits, err := a.rdb.HIncrBy(c.Request().Context(), userKey(c), \"visits\", 1).Result(), and in pages: <p>Visits: {{.Visits}}</p>",
	},
	"every visit adds one": {
		where: inIndex,
		means: "One HINCRBY with 1 in each call of index that has a name, and nothing that sets the field elsewhere. From step 3 on, EXPIRE with 0 removes the key: cfg.SessionTTL is 0 until config.MustLoad has config.TTL.",
		code:  "visits, err := a.rdb.HIncrBy(c.Request().Context(), key, \"visits\", 1).Result()",
	},
	"Redis holds the count": {
		where: "main.go, func index, func userKey",
		means: "The key ends in the user name, for example workshop:user:aaa. The command is HINCRBY, not INCR, so that it is a hash; the client comes from redisconn.MustOpen(cfg), and cfg knows REDIS_URL once config.MustLoad has config.Redis.",
		code:  "func userKey(c echo.Context) string { return \"workshop:user:\" + username(c) } / a.rdb.HIncrBy(c.Request().Context(), userKey(c), \"visits\", 1)",
	},
	"the page shows the number that is in Redis": {
		where: inIndex,
		means: "Give the page the answer of HINCRBY itself, and keep no number in a variable or a struct of the app.",
		code:  "visits, err := a.rdb.HIncrBy(…).Result() … page{Username: username(c), Visits: visits}",
	},
	"a second browser is not logged in": {
		where: "main.go, func login, func username",
		means: "Everything about one visitor comes from the cookie of the request: cookie(c). Package variables, and fields of app, belong to all visitors.",
		code:  "func username(c echo.Context) string { name, _ := cookie(c).Values[\"username\"].(string); return name }",
	},
	apart: {
		where: "main.go, func userKey, func username",
		means: "The name is read from the cookie of this request, and the key of the count is made from that name.",
		code:  "return \"workshop:user:\" + username(c)",
	},
	"a login under another name replaces the first": {
		where: inLogin,
		means: "login sets Values[\"username\"] each time, whatever was in the cookie before, and saves it.",
		code:  "s := cookie(c); s.Values[\"username\"] = name; return s.Save(c.Request(), c.Response()), then the redirect",
	},
	"only a visit of / counts": {
		where: inIndex,
		means: "HINCRBY is sent in index alone, after the look whether somebody is logged in. No e.Use(…) counts.",
		code:  "key := userKey(c); if key == \"\" { return c.Render(http.StatusOK, \"index\", page{}) } … HIncrBy",
	},
	"two browsers with one name share one count": {
		where: "main.go, func userKey",
		means: "Nothing but the name goes into the key: no random part, no number of a connection, no time.",
		code:  "return \"workshop:user:\" + username(c)",
	},
	"after logout the page says You are not logged in": {
		where: inLogout,
		means: "s.Options.MaxAge = -1 makes Save send a cookie that the browser deletes. Save comes before the redirect.",
		code:  "s := cookie(c); s.Options.MaxAge = -1; if err := s.Save(c.Request(), c.Response()); err != nil { return err }; return c.Redirect(http.StatusSeeOther, \"/\")",
	},
	"after logout you can log in again": {
		where: "main.go, func login, func logout",
		means: "The server of this step remembers nothing. Remove whatever list or flag logout writes.",
		code:  "logout sets s.Options.MaxAge = -1 and saves, and does nothing else",
	},
	"after logout and login the count goes on": {
		where: inLogout,
		means: "No DEL and no HDEL in logout: it changes the cookie only.",
		code:  "s.Options.MaxAge = -1; s.Save(c.Request(), c.Response()); and no a.rdb.Del(…)",
	},
	"a name with HTML in it is shown as text": {
		where: inPages,
		means: "{{.Username}} in the template escapes by itself, as long as the name is a string: template.HTML switches that off.",
		code:  "<h1>Logged in as {{.Username}}.</h1>, with Username string in page",
	},
	"a changed cookie does not log anybody in": {
		where: "main.go, func main, func cookie",
		means: "sessions.NewCookieStore signs with SECRET_KEY, and session.Get looks at the signature. A plain http.Cookie does neither.",
		code:  "store := sessions.NewCookieStore([]byte(cfg.SecretKey)); e.Use(session.Middleware(store)); s, _ := session.Get(cookieName, c)",
	},
	"30 visits at the same time count 30": {
		where: inIndex,
		means: "HGET, then HSET, leaves a gap in which another visit reads the same number. Replace both by one HIncrBy, and show what it returns.",
		code:  "visits, err := a.rdb.HIncrBy(c.Request().Context(), key, \"visits\", 1).Result()",
	},
	"the first visit gives the key a TTL": {
		where: inIndex,
		means: "TxPipelined sends several commands together, in your order: first HIncrBy, then Expire with the TTL from cfg.SessionTTL (config.MustLoad needs config.TTL for it).",
		code:  "a.rdb.TxPipelined(ctx, func(multi redis.Pipeliner) error { visits = multi.HIncrBy(ctx, key, \"visits\", 1); multi.Expire(ctx, key, a.ttl); return nil })",
	},
	"every visit fills the TTL up again": {
		where: inIndex,
		means: "multi.Expire stands beside multi.HIncrBy without any condition. ExpireNX would only set a TTL where there is none.",
		code:  "visits = multi.HIncrBy(ctx, key, \"visits\", 1); multi.Expire(ctx, key, a.ttl)",
	},
	"other requests leave the TTL alone": {
		where: inIndex,
		means: "Expire stands in index and nowhere else: not in e.Use(…), not in loginForm, not in login.",
		code:  "multi.Expire(ctx, key, a.ttl), only inside index",
	},
	"when the key is gone you are still logged in, and Visits is 1": {
		where: inIndex,
		means: "Who is logged in is asked of the cookie: username(c). Do not ask Redis with EXISTS whether the visitor is logged in.",
		code:  "key := userKey(c); if key == \"\" { … not logged in … }; everybody else gets HIncrBy",
	},
	"without a visit for the whole TTL, Visits starts at 1 again": {
		where: "main.go, func index, func main",
		means: "The TTL is cfg.SessionTTL, a time.Duration: Expire takes it as it is. PExpire counts in milliseconds and takes a Duration too.",
		code:  "e.GET(\"/\", app{conn.Client, cfg.SessionTTL}.index) … multi.Expire(ctx, key, a.ttl)",
	},

	// From here on: only in step 4.
	"the login lives in Redis": {
		where: inCreate,
		means: "Write Store.Create, and call it in login in place of the signed cookie. In Create, HSet makes the hash; session.SetCookie gives the token to the browser.",
		code:  "multi.HSet(ctx, s.Key(t), \"username\", username, \"visits\", 0) / in login: token, err := a.store.Create(ctx, name); session.SetCookie(c.Response(), token, secure)",
	},
	"the count is in the hash of the login": {
		where: inVisit,
		means: "Visit counts in the same key in which Create wrote username. The field is called visits.",
		code:  "redis.call('HINCRBY', KEYS[1], 'visits', 1), with KEYS[1] = s.Key(t)",
	},
	"two browsers with one name are two sessions": {
		where: "session/store.go, func Create, func Key",
		means: "Create calls newToken() each time, and Key uses the token alone.",
		code:  "t := newToken() … s.Key(t)",
	},
	"after logout a new login starts at Visits: 1": {
		where: "session/store.go, func Create, func Delete",
		means: "Create begins a hash of its own with visits 0, Delete removes the whole key. No number is kept by the user's name.",
		code:  "multi.HSet(ctx, s.Key(t), \"username\", username, \"visits\", 0) / s.rdb.Del(ctx, s.Key(t)).Err()",
	},
	"the cookie does not contain your name": {
		where: inLogin,
		means: "Only session.SetCookie sets a cookie now, with the token from Create. The store and the middleware of gorilla/sessions go away.",
		code:  "token, err := a.store.Create(ctx, name) … session.SetCookie(c.Response(), token, secure)",
	},
	"Redis does not hold the cookie's value": {
		where: inKey,
		means: "Key puts sha256.Sum256 of the token into the key, in hexadecimal digits (hex.EncodeToString). No field of the hash has the token.",
		code:  "sum := sha256.Sum256([]byte(t)); return keyPrefix + hex.EncodeToString(sum[:])",
	},
	"every login gets a new cookie value": {
		where: inCreate,
		means: "newToken() is called inside Create, at each login. login does not look at the token that the browser brought, but to delete that session.",
		code:  "t := newToken(), as the first line of Create",
	},
	"login does not take a cookie value that was there before": {
		where: inLogin,
		means: "login calls Create, which calls newToken(). session.TokenOf is for Visit and Delete only.",
		code:  "token, err := a.store.Create(c.Request().Context(), name); session.SetCookie(c.Response(), token, a.secure)",
	},
	"a made-up cookie is not logged in and makes no key": {
		where: inVisit,
		means: "A script asks EXISTS first and returns false where there is nothing; in Go that is redis.Nil, which becomes ErrNone. redis.NewScript(…).Run runs it as one command.",
		code:  "if redis.call('EXISTS', KEYS[1]) == 0 then return false end; then HINCRBY, PEXPIRE, and return {HGET username, visits}",
	},
	"a page view sets no cookie": {
		where: inIndex,
		means: "session.SetCookie is called in login, session.DeleteCookie in logout, and neither in index or in a middleware.",
		code:  "in index only: s, err := a.store.Visit(ctx, session.TokenOf(c.Request()))",
	},
	"logout deletes the session in Redis": {
		where: "session/store.go, func Delete; main.go, func logout",
		means: "Delete sends DEL for the key of the token. logout calls it first, and session.DeleteCookie after it.",
		code:  "return s.rdb.Del(ctx, s.Key(t)).Err() / in logout: a.store.Delete(ctx, session.TokenOf(c.Request()))",
	},
	"after logout a copied cookie is dead": {
		where: "session/store.go, func Delete, func Visit",
		means: "Delete removes the key; Visit looks with EXISTS before it writes, in the same script, so that a late visit cannot make the key again.",
		code:  "if redis.call('EXISTS', KEYS[1]) == 0 then return false end, as the first line of the script",
	},
	"logout in one browser leaves the other one logged in": {
		where: inDelete,
		means: "Delete removes s.Key(t) of this one token. It does not search by the user's name.",
		code:  "return s.rdb.Del(ctx, s.Key(t)).Err()",
	},
	"login gives the session a TTL": {
		where: inCreate,
		means: "HSet and PExpire go together in TxPipelined, in this order, with s.ttl.",
		code:  "multi.HSet(ctx, s.Key(t), …); multi.PExpire(ctx, s.Key(t), s.ttl)",
	},
	"when the session is gone you are logged out, and a new login starts at 1": {
		where: inVisit,
		means: "Visit returns ErrNone where EXISTS says 0, and index shows the page of nobody for ErrNone. Nothing is remembered in Go.",
		code:  "if errors.Is(err, session.ErrNone) { return c.Render(http.StatusOK, \"index\", page{}) }",
	},
	"without a visit for the whole TTL, you are logged out": {
		where: "session/store.go, func Create, func Visit",
		means: "PEXPIRE in the script takes milliseconds: s.ttl.Milliseconds() as an argument, ARGV[1] in the script.",
		code:  "visit.Run(ctx, s.rdb, []string{s.Key(t)}, s.ttl.Milliseconds()) … redis.call('PEXPIRE', KEYS[1], ARGV[1])",
	},
}

// guidesOfFour take the place of the others in step 4.
var guidesOfFour = map[string]guide{
	"after login the browser is sent back to /": {
		where: inLogin,
		means: "web.Username(c) reads the name; an error of the store is returned; at the end, c.Redirect sends the browser on.",
		code:  "token, err := a.store.Create(c.Request().Context(), name) … return c.Redirect(http.StatusSeeOther, \"/\")",
	},
	"after login the page says Logged in as and your name": {
		where: "main.go, func login, func index",
		means: "login gives the token of Create to the browser with session.SetCookie. index gets it back with session.TokenOf and asks Visit who that is.",
		code:  "session.SetCookie(c.Response(), token, a.secure) / s, err := a.store.Visit(ctx, session.TokenOf(c.Request())) … page{Username: s.Username}",
	},
	"the first visit says Visits: 1": {
		where: inVisit,
		means: "Create sets visits to 0, Visit adds one with HINCRBY and returns the new number, index shows it.",
		code:  "local visits = redis.call('HINCRBY', KEYS[1], 'visits', 1) … page{Username: s.Username, Visits: s.Visits}",
	},
	"every visit adds one": {
		where: inVisit,
		means: "index calls Visit once, and Visit sends one HINCRBY with 1.",
		code:  "redis.call('HINCRBY', KEYS[1], 'visits', 1)",
	},
	"the page shows the number that is in Redis": {
		where: inVisit,
		means: "Visit returns what HINCRBY answered, and Store keeps no number in Go.",
		code:  "reply, err := visit.Run(…).Slice(); visits, _ := reply[1].(int64)",
	},
	"a second browser is not logged in": {
		where: inIndex,
		means: "Everything about one visitor is found by the token of this request: session.TokenOf(c.Request()). Fields of app and Store belong to all visitors.",
		code:  "s, err := a.store.Visit(c.Request().Context(), session.TokenOf(c.Request()))",
	},
	apart: {
		where: "session/store.go, func Key",
		means: "Each session has a key of its own, made from its token.",
		code:  "sum := sha256.Sum256([]byte(t)); return keyPrefix + hex.EncodeToString(sum[:])",
	},
	"a login under another name replaces the first": {
		where: inLogin,
		means: "login always makes a new session with Create and gives its token to the browser, whoever was logged in before.",
		code:  "token, err := a.store.Create(ctx, name); session.SetCookie(c.Response(), token, a.secure)",
	},
	"only a visit of / counts": {
		where: inIndex,
		means: "Visit is called in index alone: not in e.Use(…), not in login, not in the panel's Key.",
		code:  "s, err := a.store.Visit(c.Request().Context(), session.TokenOf(c.Request())), only in index",
	},
	"after logout the page says You are not logged in": {
		where: inLogout,
		means: "logout ends the session with Delete, takes the cookie away with session.DeleteCookie, and redirects.",
		code:  "a.store.Delete(ctx, session.TokenOf(c.Request())); session.DeleteCookie(c.Response(), a.secure); return c.Redirect(http.StatusSeeOther, \"/\")",
	},
	"a changed cookie does not log anybody in": {
		where: "session/store.go, func Key, func Visit",
		means: "Key uses the whole token, and Visit returns ErrNone for a key that is not there.",
		code:  "sha256.Sum256([]byte(t)) … if errors.Is(err, redis.Nil) { return Session{}, ErrNone }",
	},
	"30 visits at the same time count 30": {
		where: inVisit,
		means: "The count is changed by HINCRBY inside the script, not read in Go and written back.",
		code:  "redis.call('HINCRBY', KEYS[1], 'visits', 1)",
	},
	"the first visit gives the key a TTL": {
		where: inVisit,
		means: "The script sends PEXPIRE after HINCRBY, with s.ttl in milliseconds.",
		code:  "redis.call('PEXPIRE', KEYS[1], ARGV[1])",
	},
	"every visit fills the TTL up again": {
		where: inVisit,
		means: "The script sends PEXPIRE in each visit, without the option NX.",
		code:  "redis.call('PEXPIRE', KEYS[1], ARGV[1])",
	},
	"other requests leave the TTL alone": {
		where: inIndex,
		means: "Only Visit sends PEXPIRE, and only index calls Visit.",
		code:  "no a.store.Visit(…) in a middleware, in loginForm or in the panel's Key",
	},
}
