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
		name: lang.T("without a login, / says You are not logged in", "未ログインなら、/ は You are not logged in と表示する"),
		hints: []lang.Text{
			lang.T(`For a browser without a login, the handler of GET / writes exactly "You are not logged in".`, `ログインしていないブラウザには、GET / のハンドラーで "You are not logged in" と表示します。文言はこのとおりにしてください。`),
			lang.T(`index renders the page "index". Without a name, the template in pages takes its {{else}}.`, `index でページ "index" をレンダリングします。名前が空なら、pages のテンプレートの {{else}} のほうが表示されます。`),
			lang.Same(`return c.Render(http.StatusOK, "index", page{Username: username(c)})`),
		},
		where: inIndex,
		inFour: place{
			where: inIndex,
			hints: []lang.Text{
				lang.T(`ErrNone from Visit is not a failure: this visitor has no session. index then renders the page "index" without a name, and the template takes its {{else}}.`, `Visit が返す ErrNone は失敗ではありません。この訪問者にセッションがないという意味です。index では、名前を入れずにページ "index" をレンダリングします。すると、テンプレートの {{else}} のほうが表示されます。`),
				lang.Same(`if errors.Is(err, session.ErrNone) { return c.Render(http.StatusOK, "index", page{}) }`),
			},
		},
		run: func(s *scene) { s.browser().expectLoggedOut() },
	},
	{
		id:   "login-form",
		name: lang.T("/login shows a form with a field username", "/login に、フィールド username のあるフォームが表示される"),
		hints: []lang.Text{
			lang.T("GET /login answers with a form whose method is post and whose text field is named username.", "GET /login では、method が post のフォームを返します。その中に、username という名前のテキスト入力欄を置きます。"),
			lang.T(`GET /login must lead to loginForm, which renders the page "login". Its form has method="post", its input name="username".`, `GET /login のハンドラーを loginForm にします。loginForm は、ページ "login" をレンダリングします。フォームには method="post"、input には name="username" が必要です。`),
			lang.T(`e.GET("/login", loginForm), and in pages: <form method="post"> … <input name="username">`, `e.GET("/login", loginForm)。pages には <form method="post"> … <input name="username">`),
		},
		where: inPages,
		run:   loginForm,
	},
	{
		id:   "login-redirect",
		name: lang.T("after login the browser is sent back to /", "ログインすると / にリダイレクトされる"),
		hints: []lang.Text{
			lang.T("POST /login reads the form field username, remembers it, and answers with a redirect (status 303) to /.", "POST /login では、フォームのフィールド username を読み取って保存し、/ へのリダイレクト（ステータス 303）を返します。"),
			lang.T("web.Username(c) reads the name from the form, and says what is wrong with it. At the end, c.Redirect sends the browser on.", "web.Username(c) は、フォームから名前を読み取り、名前に問題があればその内容も返します。最後に c.Redirect でリダイレクトします。"),
			lang.Same(`name, problem := web.Username(c) … return c.Redirect(http.StatusSeeOther, "/")`),
		},
		where: inLogin,
		inFour: place{
			where: inLogin,
			hints: []lang.Text{
				lang.T("Use your store in main.go, in place of the signed cookie: the comment at the top of session/store.go shows how. POST /login then answers with a redirect (status 303) to /.", "main.go で、署名付き Cookie の代わりに自作のストアを使います。使い方は session/store.go の先頭のコメントにあります。そのうえで、POST /login では / へのリダイレクト（ステータス 303）を返します。"),
				lang.T("web.Username(c) reads the name; an error of the store is returned; at the end, c.Redirect sends the browser on.", "web.Username(c) で名前を読み取ります。ストアがエラーを返したら、そのまま return します。最後に c.Redirect でリダイレクトします。"),
				lang.Same(`token, err := a.store.Create(c.Request().Context(), name) … return c.Redirect(http.StatusSeeOther, "/")`),
			},
		},
		run: func(s *scene) {
			s.expectToRoot(s.browser().login(s.user))
		},
	},
	{
		id:   "logged-in-name",
		name: lang.T("after login the page says Logged in as and your name", "ログインすると、ページに Logged in as と名前が表示される"),
		hints: []lang.Text{
			lang.T("Does POST /login send a Set-Cookie header, with Path=/? And does GET / read the login from that cookie?", "POST /login の応答に、Path=/ の付いた Set-Cookie ヘッダーがありますか。また、GET / では、その Cookie からログインの情報を読んでいますか。"),
			lang.T("cookie(c) gets the session of the cookie with store.Get. login puts the name into its Values and saves it before the redirect; username reads it from there.", "cookie(c) では、store.Get で Cookie のセッションを取り出します。login では、その Values に名前を入れ、リダイレクトの前に Save します。username では、同じ Values から名前を読みます。"),
			lang.Same(`s, _ := store.Get(c.Request(), cookieName) / s.Values["username"] = name; s.Save(c.Request(), c.Response()) / name, _ := cookie(c).Values["username"].(string)`),
		},
		where: "main.go, func login, func cookie, func username",
		inFour: place{
			where: "main.go, func login, func index",
			hints: []lang.Text{
				lang.T("login gives the token of Create to the browser with Cookie.Set. index gets it back with Cookie.Token and asks Visit who that is.", "login では、Create が返したトークンを Cookie.Set でブラウザに渡します。index では、Cookie.Token でトークンを受け取り、それが誰のものかを Visit で調べます。"),
				lang.Same("a.cookie.Set(c.Response(), token) / s, err := a.store.Visit(ctx, a.cookie.Token(c.Request())) … page{Username: s.Username}"),
			},
		},
		run: func(s *scene) {
			b := s.loggedIn()
			b.expectLoggedIn(s.user)
		},
	},
	{
		id:    "first-visit",
		name:  lang.T("the first visit says Visits: 1", "最初のアクセスで Visits: 1 と表示される"),
		steps: counting,
		hints: []lang.Text{
			lang.T("HINCRBY adds one and returns the new number. Show that number on the page. The login itself is not a visit.", "HINCRBY は 1 を足し、足した結果を返します。その数をページに表示します。ログインそのものは、訪問回数に数えません。"),
			lang.T("index needs the Redis client: make it in run with redisconn.MustOpen(cfg), and keep it in a struct whose method index is. HIncrBy on the user's key, field visits, returns the number; page and template need a field Visits. In a function of TxPipelined the number is still 0: read it after TxPipelined has returned.", "index には Redis のクライアントが必要です。run の中で redisconn.MustOpen(cfg) を呼んで作り、構造体に持たせ、index をそのメソッドにします。ユーザーのキーとフィールド visits に対して HIncrBy を呼ぶと、回数が返ります。page にフィールド Visits を加え、テンプレートで表示します。TxPipelined に渡した関数の中では、回数はまだ 0 です。TxPipelined が終わってから読んでください。"),
			lang.T(`visits, err := a.rdb.HIncrBy(c.Request().Context(), userKey(c), "visits", 1).Result(), and in pages: <p>Visits: {{.Visits}}</p>`, `visits, err := a.rdb.HIncrBy(c.Request().Context(), userKey(c), "visits", 1).Result()。pages には <p>Visits: {{.Visits}}</p>`),
		},
		where: inIndex,
		inFour: place{
			where: inVisit,
			hints: []lang.Text{
				lang.T("Create sets visits to 0, Visit adds one with HINCRBY and returns the new number, index shows it.", "Create で visits を 0 にします。Visit では HINCRBY で 1 を足し、足した結果を返します。index では、それを表示します。"),
				lang.Same("local visits = redis.call('HINCRBY', KEYS[1], 'visits', 1) … page{Username: s.Username, Visits: s.Visits}"),
			},
		},
		run: firstVisit,
	},
	{
		id:    "visit-adds-one",
		name:  lang.T("every visit adds one", "アクセスのたびに 1 増える"),
		steps: counting,
		hints: []lang.Text{
			lang.T("Each GET / of a logged-in browser adds exactly one. Is the count reset by a visit, or is the counting code called twice?", "ログインしているブラウザが GET / を送るたびに、ちょうど 1 だけ増やします。アクセスで回数がリセットされていませんか。数える処理が 2 回呼ばれていませんか。"),
			lang.T("Send one HINCRBY with 1 in each call of index that has a name, and set the field nowhere else. From step 3 on, EXPIRE with 0 removes the key: cfg.SessionTTL is 0 if config.MustLoad has the number of an earlier step.", "index では、名前があるときに、1 を足す HINCRBY を 1 回だけ送ります。このフィールドをほかの場所で書き換えてはいけません。ステップ 3 以降では、EXPIRE に 0 を渡すとキーが消えます。config.MustLoad に前のステップの番号を渡していると、cfg.SessionTTL は 0 になります。"),
			lang.Same(`visits, err := a.rdb.HIncrBy(c.Request().Context(), key, "visits", 1).Result()`),
		},
		where: inIndex,
		inFour: place{
			where: inVisit,
			hints: []lang.Text{
				lang.T("index calls Visit once, and Visit sends HINCRBY once, with 1.", "index では Visit を 1 回だけ呼びます。Visit では、1 を足す HINCRBY を 1 回だけ送ります。"),
				lang.Same("redis.call('HINCRBY', KEYS[1], 'visits', 1)"),
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
		name:  lang.T("Redis holds the count", "回数が Redis に入っている"),
		steps: byName,
		hints: []lang.Text{
			lang.T("The count belongs in a Redis hash: the user name is part of the key, the field is visits. Does the app use the same Redis, and the same database number, as the check?", "回数は Redis のハッシュに入れます。キーにはユーザー名を含め、フィールドは visits にします。アプリは、チェックと同じ Redis の、同じ番号のデータベースを使っていますか。"),
			lang.T("The key ends in the user name, for example workshop:user:aaa. The command is HINCRBY, not INCR, so that the key holds a hash; the client comes from redisconn.MustOpen(cfg), and config.MustLoad has the number of your step.", "キーは workshop:user:aaa のように、ユーザー名で終わるようにします。コマンドは INCR ではなく HINCRBY です。こうすると、キーの値がハッシュになります。クライアントは redisconn.MustOpen(cfg) で作ります。config.MustLoad には、いま作っているステップの番号を渡します。"),
			lang.Same(`func userKey(c echo.Context) string { return "workshop:user:" + username(c) } / a.rdb.HIncrBy(c.Request().Context(), userKey(c), "visits", 1)`),
		},
		where: "main.go, func index, func userKey",
		run: func(s *scene) {
			s.visited(2)
			s.expectCount(s.key(), 2)
		},
	},
	{
		id:    "login-in-redis",
		name:  lang.T("the login lives in Redis", "ログインの情報が Redis にある"),
		steps: onlyFour,
		hints: []lang.Text{
			lang.T("Login makes a new hash in Redis and puts the user name into a field of it. Does the app use the same Redis, and the same database number, as the check?", "ログインのときに Redis に新しいハッシュを作り、そのフィールドの 1 つにユーザー名を入れます。アプリは、チェックと同じ Redis の、同じ番号のデータベースを使っていますか。"),
			lang.T("Write Store.Create, and call it in login in place of the signed cookie. In Create, HSet makes the hash; Cookie.Set gives the token to the browser.", "Store.Create を書き、login で署名付き Cookie の代わりに呼びます。Create では、HSet でハッシュを作ります。トークンは、Cookie.Set でブラウザに渡します。"),
			lang.T(`multi.HSet(ctx, s.Key(t), "username", username, "visits", 0) / in login: token, err := a.store.Create(ctx, name); a.cookie.Set(c.Response(), token)`, `multi.HSet(ctx, s.Key(t), "username", username, "visits", 0) / login の中で: token, err := a.store.Create(ctx, name); a.cookie.Set(c.Response(), token)`),
		},
		where: inCreate,
		run: func(s *scene) {
			s.browser().login(s.user)
			s.key()
		},
	},
	{
		id:    "count-in-session",
		name:  lang.T("the count is in the hash of the login", "回数が、ログインと同じハッシュに入っている"),
		steps: onlyFour,
		hints: []lang.Text{
			lang.T("The session is one hash: it holds the user name and the field visits, so that they end together.", "セッションは 1 つのハッシュです。ユーザー名もフィールド visits もこの中に入れます。そうすれば、両方が同時に消えます。"),
			lang.T("Visit counts in the same key in which Create wrote username. The field is called visits.", "Visit では、Create が username を書き込んだのと同じキーで数えます。フィールドの名前は visits です。"),
			lang.T("redis.call('HINCRBY', KEYS[1], 'visits', 1), with KEYS[1] = s.Key(t)", "redis.call('HINCRBY', KEYS[1], 'visits', 1)。KEYS[1] は s.Key(t)"),
		},
		where: inVisit,
		run: func(s *scene) {
			s.visited(2)
			s.expectCount(s.key(), 2)
		},
	},
	{
		id:    "count-from-redis",
		name:  lang.T("the page shows the number that is in Redis", "Redis に入っている回数がページに表示される"),
		steps: counting,
		hints: []lang.Text{
			lang.T("The check wrote 41 into Redis, so the next visit is number 42. If the page goes on with its own number, there is a counter in the app's memory: a restart loses it, and a second server has another. Show what HINCRBY returns.", "チェックが Redis に 41 を書き込んだので、次のアクセスは 42 回目です。それまでの番号の続きが表示されるなら、アプリのメモリにカウンターがあります。そのカウンターは再起動すると消え、2 台目のサーバーは別のカウンターを持ちます。HINCRBY が返した値を表示してください。"),
			lang.T("Give the page the answer of HINCRBY itself, and keep no number in a variable or a struct of the app.", "HINCRBY が返した値を、そのままページに渡します。アプリの変数や構造体に回数を持たせてはいけません。"),
			lang.Same("visits, err := a.rdb.HIncrBy(…).Result() … page{Username: username(c), Visits: visits}"),
		},
		where: inIndex,
		inFour: place{
			where: inVisit,
			hints: []lang.Text{
				lang.T("Visit returns what HINCRBY answered, and Store keeps no number in Go.", "Visit は、HINCRBY の結果をそのまま返します。Go 側の Store には回数を持たせません。"),
				lang.Same("reply, err := visit.Run(…).Slice(); visits, _ := reply[1].(int64)"),
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
	s.expect(p.Status == http.StatusOK, lang.T("GET /login to answer 200", "GET /login の応答が 200 であること"), p.said())
	s.expect(postForm.in(browse.Parse(p.Body)), lang.T("a form with method=post on GET /login", "GET /login に method=post のフォームがあること"), lang.Same(quote(p.Body)))
	s.expect(nameField.in(browse.Parse(p.Body)), lang.T("an input with name=username on GET /login", "GET /login に name=username の input があること"), lang.Same(quote(p.Body)))
}

// expectToRoot expects the redirect p to lead to / of the same app.
func (s *scene) expectToRoot(p page) {
	to := p.Header.Get("Location")
	base, err := url.Parse(s.browser().Address("/"))
	s.expect(err == nil, lang.T("a valid URL of the app", "アプリの URL が正しいこと"), lang.Same(fmt.Sprint(err)))
	if err != nil {
		return
	}
	target, err := base.Parse(to)
	s.expect(to != "" && err == nil && target.String() == base.String(), lang.T("a redirect with Location /", "Location が / のリダイレクトであること"), p.said())
}

func (s *scene) expectCount(key string, want int) {
	got := s.count(key)
	s.expect(got == fmt.Sprint(want), lang.T("HGET %s visits to be %d, as on the page", "HGET %s visits が、ページと同じ %d であること", key, want), lang.Same(quote(got)))
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
			s.expect(false, lang.T(`the first visit of a name to say "Visits: 1"`, `どの名前でも、最初のアクセスで "Visits: 1" と表示されること`),
				lang.T(`"Visits: %d", and for the next new name "Visits: %d"`, `"Visits: %d"。次の新しい名前では "Visits: %d"`, first, next))
			s.see("names-apart")
		}
	}
	s.visited(1)
}
