package contract

import (
	"slices"
	"strings"

	"example.com/session-workshop/shared/lang"
)

// otherBrowsers are the rules about several visitors, about logout, and about
// what an attacker may try.
var otherBrowsers = []rule{
	{
		id:   "second-browser",
		name: lang.T("a second browser is not logged in", "別のブラウザまでログインした状態にならない"),
		hints: []lang.Text{
			lang.T("One browser logged in, and another one counted as logged in too. The name must not be kept in a variable of the server: only the cookie says which browser sent the request.", "片方のブラウザでログインしたら、もう片方までログインしたことになりました。名前をサーバーの変数に入れてはいけません。どのブラウザからのリクエストかは、Cookie でしかわかりません。"),
			lang.T("Everything about one visitor comes from the cookie of the request: cookie(c). Package variables, and fields of app, belong to all visitors.", "訪問者ごとの情報は、すべてリクエストの Cookie、つまり cookie(c) から読みます。パッケージの変数と app のフィールドは、すべての訪問者で共有されます。"),
			lang.Same(`func username(c echo.Context) string { name, _ := cookie(c).Values["username"].(string); return name }`),
		},
		where: "main.go, func login, func username",
		inFour: place{
			where: inIndex,
			hints: []lang.Text{
				lang.T("Everything about one visitor is found by the token of this request: a.cookie.Token(c.Request()). Fields of app and Store belong to all visitors.", "訪問者ごとの情報は、すべてこのリクエストのトークン a.cookie.Token(c.Request()) を使って調べます。app と Store のフィールドは、すべての訪問者で共有されます。"),
				lang.Same("s, err := a.store.Visit(c.Request().Context(), a.cookie.Token(c.Request()))"),
			},
		},
		run: func(s *scene) {
			b := s.loggedIn()
			s.browser().expectLoggedOut()
			b.expectLoggedIn(s.user)
		},
	},
	{
		id:   "names-apart",
		name: lang.T("two names in two browsers stay apart", "2 つのブラウザで別々の名前を使っても混ざらない"),
		hints: []lang.Text{
			lang.T("Each browser must see its own name, and its own count. Is something kept in a variable that all requests share, or is the user name missing in the Redis key?", "どのブラウザにも、そのブラウザの名前と回数が表示されなければなりません。すべてのリクエストが共有する変数に、何かを入れていませんか。Redis のキーに、ユーザー名が入っていますか。"),
			lang.T("The name is read from the cookie of this request, and the key of the count is made from that name.", "名前はこのリクエストの Cookie から読みます。回数のキーは、その名前から作ります。"),
			lang.Same(`return "workshop:user:" + username(c)`),
		},
		where: "main.go, func userKey, func username",
		inFour: place{
			where: "session/store.go, func Key",
			hints: []lang.Text{
				lang.T("Each session has its own key, made from its token.", "セッションごとに、トークンから作った別々のキーを使います。"),
				lang.Same("sum := sha256.Sum256([]byte(t)); return keyPrefix + hex.EncodeToString(sum[:])"),
			},
		},
		run: twoNames,
	},
	{
		id:   "login-replaces",
		name: lang.T("a login under another name replaces the first", "別の名前でログインすると、その名前に切り替わる"),
		hints: []lang.Text{
			lang.T("POST /login of a browser that is logged in must set the cookie again, with the new name.", "すでにログインしているブラウザでも、POST /login では新しい名前で Cookie を設定し直します。"),
			lang.T(`login always sets Values["username"] and saves it, also if the cookie already held a name.`, `Cookie にすでに名前が入っていても、login では必ず Values["username"] を設定して Save します。`),
			lang.Same(`s := cookie(c); s.Values["username"] = name; if err := s.Save(c.Request(), c.Response()); err != nil { return err }; return c.Redirect(http.StatusSeeOther, "/")`),
		},
		where: inLogin,
		inFour: place{
			where: inLogin,
			hints: []lang.Text{
				lang.T("login always makes a new session with Create and gives its token to the browser, also if a user was logged in before.", "すでにログインしているブラウザでも、login では必ず Create で新しいセッションを作り、そのトークンをブラウザに渡します。"),
				lang.Same("token, err := a.store.Create(ctx, name); a.cookie.Set(c.Response(), token)"),
			},
		},
		run: func(s *scene) {
			b := s.browser()
			b.login(s.user + "-first")
			b.login(s.user + "-second")
			b.expectLoggedIn(s.user + "-second")
		},
	},
	{
		id:    "only-root-counts",
		name:  lang.T("only a visit to / counts", "/ へのアクセスだけを数える"),
		steps: counting,
		hints: []lang.Text{
			lang.T("Pages other than / must not add to the count. Is the counting code in a middleware, which runs for every page? It belongs in the handler of GET /.", "/ 以外のページで回数が増えてはいけません。数える処理を、すべてのページで動くミドルウェアに書いていませんか。書く場所は GET / のハンドラーです。"),
			lang.T("Send HINCRBY only in index, after checking that a user is logged in. No e.Use(…) counts.", "HINCRBY を送るのは index だけです。ユーザーがログインしていることを確かめてから送ります。e.Use(…) では数えません。"),
			lang.Same(`key := userKey(c); if key == "" { return c.Render(http.StatusOK, "index", page{}) } … HIncrBy`),
		},
		where: inIndex,
		inFour: place{
			where: inIndex,
			hints: []lang.Text{
				lang.T("Call Visit only in index: not in e.Use(…), not in login, not in the panel's Key.", "Visit を呼ぶのは index だけです。e.Use(…)、login、パネルの Key では呼びません。"),
				lang.T("s, err := a.store.Visit(c.Request().Context(), a.cookie.Token(c.Request())), only in index", "index の中だけで s, err := a.store.Visit(c.Request().Context(), a.cookie.Token(c.Request()))"),
			},
		},
		run: func(s *scene) {
			b := s.visited(1)
			b.otherRequests()
			b.expectVisits(2)
		},
	},
	{
		id:    "count-per-name",
		name:  lang.T("two browsers with one name share one count", "同じ名前の 2 つのブラウザが、回数を共有する"),
		steps: byName,
		hints: []lang.Text{
			lang.T("In this step the key is made from the user name alone. Both browsers have the same name, so both add to the same hash.", "このステップでは、ユーザー名だけからキーを作ります。2 つのブラウザは名前が同じなので、同じハッシュで数えます。"),
			lang.T("Only the name goes into the key: no random part, no connection number, no time.", "キーに入れるのは名前だけです。乱数、接続の番号、時刻は入れません。"),
			lang.Same(`return "workshop:user:" + username(c)`),
		},
		where: "main.go, func userKey",
		run: func(s *scene) {
			one, two := s.loggedIn(), s.browser()
			one.expectVisits(1)
			two.login(s.user)
			two.expectVisits(2)
			one.expectVisits(3)
		},
	},
	{
		id:    "session-per-login",
		name:  lang.T("two browsers with one name are two sessions", "同じ名前でも、2 つのブラウザは別々のセッションになる"),
		steps: onlyFour,
		hints: []lang.Text{
			lang.T("Each login starts a new session, with its own key in Redis. Is the key made from the user name? Make it from the random token of this login.", "ログインのたびに新しいセッションが始まり、Redis に専用のキーができます。キーをユーザー名から作っていませんか。そのログインで作った乱数のトークンから作ってください。"),
			lang.T("Create calls newToken() each time, and Key uses the token alone.", "Create では毎回 newToken() を呼びます。Key ではトークンだけを使います。"),
			lang.Same("t := newToken() … s.Key(t)"),
		},
		where: "session/store.go, func Create, func Key",
		run: func(s *scene) {
			one, two := s.loggedIn(), s.browser()
			one.expectVisits(1)
			one.expectVisits(2)
			two.login(s.user)
			two.expectVisits(1)
			one.expectVisits(3)
		},
	},
	{
		id:   "logout",
		name: lang.T("after logout the page says You are not logged in", "ログアウトすると、ページに You are not logged in と表示される"),
		hints: []lang.Text{
			lang.T("Logout must delete the cookie: set it again with the same name and path and with Max-Age=0 (in Go: MaxAge: -1).", "ログアウトでは Cookie を消します。同じ名前、同じパスで、Max-Age=0 の Cookie を設定し直してください（Go では MaxAge: -1）。"),
			lang.T("s.Options.MaxAge = -1 makes Save send a cookie that the browser deletes. Save comes before the redirect.", "s.Options.MaxAge = -1 にして Save すると、ブラウザが Cookie を削除します。Save はリダイレクトの前に呼びます。"),
			lang.Same(`s := cookie(c); s.Options.MaxAge = -1; if err := s.Save(c.Request(), c.Response()); err != nil { return err }; return c.Redirect(http.StatusSeeOther, "/")`),
		},
		where: inLogout,
		inFour: place{
			where: inLogout,
			hints: []lang.Text{
				lang.T("logout ends the session with Delete, deletes the cookie with Cookie.Delete, and redirects.", "logout では、Delete でセッションを終わらせ、Cookie.Delete で Cookie を消してから、リダイレクトします。"),
				lang.Same(`a.store.Delete(ctx, a.cookie.Token(c.Request())); a.cookie.Delete(c.Response()); return c.Redirect(http.StatusSeeOther, "/")`),
			},
		},
		run: func(s *scene) {
			b := s.loggedIn()
			b.expectLoggedIn(s.user)
			s.expectToRoot(b.logout())
			b.expectLoggedOut()
		},
	},
	{
		id:    "login-after-logout",
		name:  lang.T("after logout you can log in again", "ログアウトしても、もう一度ログインできる"),
		steps: onlyOne,
		hints: []lang.Text{
			lang.T("A login after a logout is like the first one. Does logout leave something behind that stops it?", "ログアウトのあとのログインも、最初のログインと同じです。logout のあとに、次のログインを妨げるものが残っていませんか。"),
			lang.T("The server of this step remembers nothing. Remove any list or flag that logout writes.", "このステップのサーバーは何も覚えません。logout がリストやフラグに何かを書き込んでいるなら、削除してください。"),
			lang.T("logout sets s.Options.MaxAge = -1 and saves, and does nothing else", "logout でするのは、s.Options.MaxAge = -1 と Save だけ"),
		},
		where: "main.go, func login, func logout",
		run: func(s *scene) {
			b := s.loggedIn()
			b.logout()
			b.login(s.user)
			b.expectLoggedIn(s.user)
		},
	},
	{
		id:    "count-goes-on",
		name:  lang.T("after logout and login the count goes on", "ログアウトしてログインし直しても、回数が続きから始まる"),
		steps: byName,
		hints: []lang.Text{
			lang.T("In this step logout only deletes the cookie. It must leave the key in Redis alone: the count belongs to the name, not to the login.", "このステップのログアウトは、Cookie を消すだけです。回数はログインではなく名前に結び付いているので、Redis のキーには触れません。"),
			lang.T("Send no DEL and no HDEL in logout: it changes only the cookie.", "logout では DEL も HDEL も送りません。変えるのは Cookie だけです。"),
			lang.T("s.Options.MaxAge = -1; s.Save(c.Request(), c.Response()); and no a.rdb.Del(…)", "s.Options.MaxAge = -1; s.Save(c.Request(), c.Response())。a.rdb.Del(…) は呼ばない"),
		},
		where: inLogout,
		run: func(s *scene) {
			b := s.visited(2)
			b.logout()
			b.login(s.user)
			b.expectVisits(3)
		},
	},
	{
		id:    "count-ends",
		name:  lang.T("after logout a new login starts at Visits: 1", "ログアウトしてログインし直すと、Visits: 1 から始まる"),
		steps: onlyFour,
		hints: []lang.Text{
			lang.T("In this step the count belongs to the session. Logout deletes the session, and the next login makes a new one.", "このステップの回数は、セッションに結び付いています。ログアウトでセッションを削除し、次のログインで新しく作ります。"),
			lang.T("Create makes a new hash with visits 0, and Delete removes the whole key. No count is kept under the user's name.", "Create では、visits が 0 の新しいハッシュを作ります。Delete では、キーごと削除します。ユーザー名のキーに回数を残してはいけません。"),
			lang.Same(`multi.HSet(ctx, s.Key(t), "username", username, "visits", 0) / s.rdb.Del(ctx, s.Key(t)).Err()`),
		},
		where: "session/store.go, func Create, func Delete",
		run: func(s *scene) {
			b := s.visited(2)
			b.logout()
			b.login(s.user)
			b.expectVisits(1)
		},
	},
	{
		id:   "html-as-text",
		name: lang.T("a name with HTML in it is shown as text", "名前に HTML が入っていても、文字として表示される"),
		hints: []lang.Text{
			lang.T("The name went into the page as it was typed, so a user can put a script into the page. Escape it: html/template does it automatically, html.EscapeString by hand.", "入力された名前が、そのままページに出ています。これでは、ユーザーがページにスクリプトを埋め込めます。エスケープしてください。html/template なら自動です。自分で行うなら html.EscapeString を使います。"),
			lang.T("{{.Username}} in the template is escaped automatically, as long as the name is a string: template.HTML switches that off.", "テンプレートの {{.Username}} は、名前が string なら自動でエスケープされます。template.HTML にすると、エスケープされません。"),
			lang.T("<h1>Logged in as {{.Username}}.</h1>, with Username string in page", "<h1>Logged in as {{.Username}}.</h1>。page には Username string"),
		},
		where: inPages,
		run:   escaped,
	},
	{
		id:   "changed-cookie",
		name: lang.T("a changed cookie is not a login", "書き換えた Cookie ではログインできない"),
		hints: []lang.Text{
			lang.T("The check changed one character of the cookie. A login in a cookie must be signed, and every request must verify the signature. A token must be looked up as a whole.", "チェックは、Cookie を 1 文字だけ書き換えました。ログインの情報を Cookie に入れるなら、署名を付け、リクエストのたびに検証しなければなりません。トークンを入れるなら、その全体を使って探します。"),
			lang.T("sessions.NewCookieStore makes a store that signs with SECRET_KEY, and its Get verifies the signature. A plain http.Cookie does neither.", "sessions.NewCookieStore が作るストアは、SECRET_KEY で署名し、Get で署名を検証します。ただの http.Cookie は、どちらもしません。"),
			lang.Same("store = sessions.NewCookieStore([]byte(cfg.SecretKey)) / s, _ := store.Get(c.Request(), cookieName)"),
		},
		where: "main.go, func run, func cookie",
		inFour: place{
			where: "session/store.go, func Key, func Visit",
			hints: []lang.Text{
				lang.T("Key uses the whole token, and Visit returns ErrNone for a key that is not there.", "Key では、トークンの全体を使います。Visit では、キーがなければ ErrNone を返します。"),
				lang.Same("sha256.Sum256([]byte(t)) … if errors.Is(err, redis.Nil) { return Session{}, ErrNone }"),
			},
		},
		run: func(s *scene) {
			b, thief := s.loggedIn(), s.browser()
			cookie := b.cookie()
			thief.plant(cookie.Name, changed(cookie.Value))
			p := thief.get("/")
			s.expect(strings.Contains(p.Text(), loggedOut) && !strings.Contains(p.Text(), loggedIn),
				lang.T("GET / with a changed cookie to say %s", "書き換えた Cookie を付けた GET / が %s と表示すること", quote(loggedOut)), p.said())
		},
	},
	{
		id:    "visits-at-once",
		name:  lang.T("30 visits at the same time count 30", "同時に 30 回アクセスすると、ちょうど 30 増える"),
		steps: counting,
		hints: []lang.Text{
			lang.T("Some visits got the same number. Two requests read the same number and both wrote the next one; or a second command read the number, after other visits had counted. HINCRBY does it all inside Redis: it reads, adds, writes, and answers with the new number.", "同じ番号になったアクセスがあります。2 つのリクエストが同じ回数を読んで、どちらも次の数を書いたか、2 つ目のコマンドで回数を読む前に、ほかのアクセスも数えたかのどちらかです。HINCRBY なら、読む、足す、書く、新しい回数を返すまでを、すべて Redis の中で行います。"),
			lang.T("Between HGET and HSET, another visit can read the same number. Replace both with one HIncrBy, and show what it returns.", "HGET と HSET の間に、別のアクセスが同じ回数を読むことがあります。この 2 つを 1 つの HIncrBy に置き換え、返ってきた値を表示してください。"),
			lang.Same(`visits, err := a.rdb.HIncrBy(c.Request().Context(), key, "visits", 1).Result()`),
		},
		where: inIndex,
		inFour: place{
			where: inVisit,
			hints: []lang.Text{
				lang.T("HINCRBY inside the script changes the count. Do not read it in Go and write it back.", "回数は、スクリプトの中の HINCRBY で増やします。Go で読んで書き戻してはいけません。"),
				lang.Same("redis.call('HINCRBY', KEYS[1], 'visits', 1)"),
			},
		},
		run: visitsAtOnce,
	},
}

func twoNames(s *scene) {
	one, two := s.browser(), s.browser()
	one.login(s.user + "-one")
	two.login(s.user + "-two")
	one.expectLoggedIn(s.user + "-one")
	two.expectLoggedIn(s.user + "-two")
	if s.step > 1 {
		one.expectVisits(2)
		two.expectVisits(2)
	}
}

// otherRequests sends requests that are not visits.
func (b *browser) otherRequests() {
	b.get("/login")
	b.get("/no-such-page")
	b.scene.browser().expectLoggedOut()
}

func escaped(s *scene) {
	name := "<b>" + s.user + "</b>&amp;"
	b := s.browser()
	b.login(name)
	p := b.expectLoggedIn(name)
	s.expect(!strings.Contains(p.Body, "<b>"+s.user), lang.T("&lt;b&gt; in the page's source for <b> in the name", "名前の <b> が、ページのソースでは &lt;b&gt; になっていること"), lang.Same(quote(p.Body)))
}

// changed replaces one character in the middle.
func changed(value string) string {
	if value == "" {
		return value
	}
	letters := []byte(value)
	// x is not a hexadecimal digit, so the result never differs in case only.
	if middle := &letters[len(letters)/2]; *middle == 'x' {
		*middle = 'y'
	} else {
		*middle = 'x'
	}
	return string(letters)
}

func visitsAtOnce(s *scene) {
	const n = 30
	b := s.loggedIn()
	before, numbers := b.visitAtOnce(n)
	if s.failed() {
		return
	}
	different := len(slices.Compact(slices.Clone(numbers)))
	s.expect(different == n && numbers[0] == before+1 && numbers[n-1] == before+n,
		lang.T("the numbers %d to %d, each once, on %d pages asked for at the same time", "同時に開いた %[3]d ページに、%[1]d から %[2]d までの番号が 1 回ずつ出ること", before+1, before+n, n),
		lang.T("%d different numbers: %v", "番号は %d 種類: %v", different, numbers))
	s.expectCount(s.key(), before+n)
}
