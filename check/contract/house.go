package contract

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.com/session-workshop/check/browse"
	"example.com/session-workshop/shared/lang"
)

// house holds what the workshop's own apps promise beyond the lesson.
var house = []rule{
	{
		id:    "healthz",
		name:  lang.T("/healthz answers 200", "/healthz が 200 を返す"),
		hints: []lang.Text{lang.T("GET /healthz says that the process is up. It sends nothing to Redis and needs no login.", "GET /healthz は、プロセスが動いていることを知らせます。Redis には何も送らず、ログインも必要ありません。")},
		run: func(s *scene) {
			p := s.browser().get("/healthz")
			s.expect(p.Status == http.StatusOK, lang.T("GET /healthz to answer 200", "GET /healthz が 200 を返すこと"), p.said())
		},
	},
	{
		id:    "login-button",
		name:  lang.T("the login form has a button Login", "ログインのフォームに Login ボタンがある"),
		hints: []lang.Text{lang.T(`The button of the form on /login is called "Login".`, `/login のフォームのボタンには "Login" と表示します。`)},
		run: func(s *scene) {
			form := s.browser().get("/login").loginForm()
			s.expect(hasLoginButton(form), lang.T(`a button "Login" in the form of GET /login`, `GET /login のフォームに "Login" ボタンがあること`), lang.Same(quote(markupOf(form))))
		},
	},
	{
		id:    "see-other",
		name:  lang.T("login and logout redirect with 303", "ログインとログアウトは 303 でリダイレクトする"),
		hints: []lang.Text{lang.T("303 See Other says that the next request is a GET. 302 leaves that open.", "303 See Other は、次のリクエストを GET で送るように指示します。302 では、どのメソッドで送るかが決まっていません。")},
		run: func(s *scene) {
			b := s.browser()
			s.expectSeeOther(b.login(s.user))
			s.expectSeeOther(b.post("/logout", url.Values{}))
			s.expectSeeOther(b.get("/logout"))
		},
	},
	{
		id:    "logout-button",
		name:  lang.T("the page has a logout button", "ページにログアウトのボタンがある"),
		hints: []lang.Text{lang.T("Logout changes something, so it is a form with method=post and action=/logout, and not a link.", "ログアウトは状態を変える操作なので、リンクではなく、method=post と action=/logout を指定したフォームにします。")},
		run: func(s *scene) {
			b := s.loggedIn()
			p := b.expectLoggedIn(s.user)
			s.expect(p.hasLogoutButton(), lang.T("a form on GET / that posts to /logout", "GET / に、/logout へ POST するフォームがあること"), lang.Same(quote(p.Body)))
		},
	},
	{
		id:    "logout-by-post-and-get",
		name:  lang.T("logout works by POST and by GET", "POST でも GET でもログアウトできる"),
		hints: []lang.Text{lang.T("The logout button sends POST /logout. GET /logout works as well, as in the original.", "ログアウトのボタンは POST /logout を送ります。元のチュートリアルと同じように、GET /logout でもログアウトできるようにします。")},
		run: func(s *scene) {
			b := s.browser()
			for _, logout := range []func() page{
				func() page { return b.post("/logout", url.Values{}) },
				func() page { return b.get("/logout") },
			} {
				b.login(s.user)
				b.expectLoggedIn(s.user)
				logout()
				b.expectLoggedOut()
			}
		},
	},
	{
		id:    "exact-words",
		name:  lang.T("the page has the exact words", "ページの文言が決められたとおりになっている"),
		steps: onlyOne,
		hints: []lang.Text{lang.T(`Step 1 counts nothing: the page says "Logged in as NAME" and has no "Visits:".`, `ステップ 1 では何も数えません。ページには "Logged in as NAME" と表示し、"Visits:" は表示しません。`)},
		run: func(s *scene) {
			b := s.loggedIn()
			p := b.expectLoggedIn(s.user)
			_, counted := p.Visits()
			s.expect(!counted, lang.T(`no "Visits:" in step 1`, `ステップ 1 では "Visits:" を表示しないこと`), p.said())
		},
	},
	{
		id:    "exact-words",
		name:  lang.T("the page has the exact words", "ページの文言が決められたとおりになっている"),
		steps: counting,
		hints: []lang.Text{lang.T(`The page says "Logged in as NAME", with a full stop or without, and after it "Visits: 1".`, `ページには "Logged in as NAME" に続けて "Visits: 1" と表示します。NAME のあとのピリオドは、あってもなくてもかまいません。`)},
		run: func(s *scene) {
			b := s.loggedIn()
			p, name := b.get("/"), loggedIn+s.user
			// Step 1 has no full stop, and a learner may keep that.
			said := strings.Contains(p.Text(), name+". Visits: 1") || strings.Contains(p.Text(), name+" Visits: 1")
			s.expect(said, lang.T("GET / to say %s", "GET / が %s を表示すること", quote(name+". Visits: 1")), p.said())
		},
	},
	{
		id:    "head-like-get",
		name:  lang.T("HEAD is answered like GET", "HEAD に GET と同じように応答する"),
		hints: []lang.Text{lang.T("The answer to HEAD has the status and the headers of GET, and no body. Monitors and link checkers send it.", "HEAD には、GET と同じステータスとヘッダーを、本文なしで返します。HEAD は、監視ツールやリンクチェッカーが送ってきます。")},
		run:   headLikeGet,
	},
	{
		id:    "head-counts-nothing",
		name:  lang.T("HEAD counts nothing", "HEAD では訪問回数が増えない"),
		steps: counting,
		hints: []lang.Text{lang.T("A HEAD request is not a visit. Check the method before you count.", "HEAD リクエストはアクセスに含めません。数える前にメソッドを確かめてください。")},
		run: func(s *scene) {
			b := s.visited(1)
			b.send(http.MethodHead, "/", nil, nil)
			b.expectVisits(2)
		},
	},
	{
		id:    "asked-for-ahead",
		name:  lang.T("a prefetch changes nothing", "先読み（プリフェッチ）では何も変わらない"),
		hints: []lang.Text{lang.T("A browser that loads a page in advance says so in Sec-Purpose, Purpose or X-Moz. Answer 503 with Cache-Control: no-store, before any other work: the browser asks again if its user opens the page.", "ページを先読みするブラウザは、それを Sec-Purpose、Purpose、X-Moz のどれかで知らせます。ほかの処理より先に、Cache-Control: no-store を付けて 503 を返してください。ユーザーが実際にページを開けば、ブラウザはもう一度リクエストを送ります。")},
		run:   prefetch,
	},
	{
		id:    "blank-name",
		name:  lang.T("a blank name is refused", "空の名前や空白だけの名前を受け付けない"),
		hints: []lang.Text{lang.T("An empty name, or one of spaces only, is answered with 400 and the form, with the reason beside the field.", "名前が空か空白だけなら、400 を返します。もう一度フォームを表示し、入力欄のそばに理由を示します。")},
		run: func(s *scene) {
			s.expectRefused("")
			s.expectRefused("   ")
		},
	},
	{
		id:    "long-name",
		name:  lang.T("a name over 64 bytes is refused, and one of 64 is accepted", "64 バイトの名前は受け付け、それを超える名前は受け付けない"),
		hints: []lang.Text{lang.T("The limit is 64 bytes and not 64 characters: a Japanese character has three bytes. The answer is 400 and the form, with the reason beside the field.", "上限は 64 文字ではなく 64 バイトです。日本語は 1 文字が 3 バイトになります。上限を超えたら、400 を返します。もう一度フォームを表示し、入力欄のそばに理由を示します。")},
		run: func(s *scene) {
			s.expectRefused(padded(s.user, "x", 65))
			s.expectRefused(s.user + strings.Repeat("日", 16))
			b := s.browser()
			b.login(padded(s.user, "x", 64))
			b.expectLoggedIn(padded(s.user, "x", 64))
		},
	},
	{
		id:    "control-characters",
		name:  lang.T("a name with control characters is refused", "制御文字を含む名前を受け付けない"),
		hints: []lang.Text{lang.T("A line break or another control character in a name is answered with 400 and the form, with the reason beside the field.", "名前に改行などの制御文字があれば、400 を返します。もう一度フォームを表示し、入力欄のそばに理由を示します。")},
		run: func(s *scene) {
			s.expectRefused(s.user + "\nx")
			s.expectRefused(s.user + "\x00x")
			s.expectRefused(s.user + "\x7fx")
		},
	},
	{
		id:    "invisible-characters",
		name:  lang.T("invisible characters do not make another name", "見えない文字があっても別の名前にはならない"),
		hints: []lang.Text{lang.T("Remove invisible characters from a name before you check it and store it: U+200B, for example, is a space without width. If nothing is left, the answer is 400.", "名前を検証したり保存したりする前に、見えない文字を取り除きます。たとえば U+200B は、幅のない空白です。取り除いて何も残らなければ、400 を返します。")},
		run: func(s *scene) {
			s.expectRefused("\u200b")
			s.expectRefused("\u3164")
			b := s.browser()
			b.login(s.user + "\u200b")
			p := b.expectLoggedIn(s.user)
			s.expect(!strings.Contains(p.Body, "\u200b"), lang.T("the name without its U+200B", "名前から U+200B が取り除かれていること"), lang.Same(quote(p.Body)))
		},
	},
	{
		id:    "spaces-trimmed",
		name:  lang.T("spaces around a name are removed", "名前の前後の空白を取り除く"),
		hints: []lang.Text{lang.T("Trim the name before you check it and store it.", "名前を検証したり保存したりする前に、前後の空白を取り除きます。")},
		run: func(s *scene) {
			b := s.browser()
			b.login("  " + s.user + "\t ")
			b.expectLoggedIn(s.user)
			if s.step > 1 {
				s.expectKey(b, s.user)
			}
		},
	},
	{
		id:    "not-found-page",
		name:  lang.T("an unknown path gives a 404 page", "存在しないパスには 404 のページを返す"),
		hints: []lang.Text{lang.T("A 404 page looks like the others: a title, and a link back to /.", "404 のページも、ほかのページと同じ体裁にします。タイトルと、/ に戻るリンクを付けます。")},
		run: func(s *scene) {
			s.expectFramed(s.browser().get("/no-such-page"), http.StatusNotFound)
		},
	},
	{
		id:    "wrong-method-page",
		name:  lang.T("a wrong method gives a 405 page", "使えないメソッドには 405 のページを返す"),
		hints: []lang.Text{lang.T("A 405 page looks like the others: a title, and a link back to /. The Allow header names the methods (RFC 9110, 15.5.6).", "405 のページも、ほかのページと同じ体裁にします。タイトルと、/ に戻るリンクを付けます。使えるメソッドは Allow ヘッダーで知らせます（RFC 9110 の 15.5.6）。")},
		run: func(s *scene) {
			for _, path := range []string{"/", "/login", "/logout"} {
				p := s.browser().send(http.MethodDelete, path, nil, nil)
				s.expectFramed(p, http.StatusMethodNotAllowed)
				s.expect(p.Header.Get("Allow") != "", lang.T("an Allow header on %s", "%s の応答に Allow ヘッダーがあること", p.Request), lang.T("none", "なし"))
			}
		},
	},
	{
		id:    "cookie-flags",
		name:  lang.T("the cookie has its name and its flags", "Cookie の名前と属性が正しい"),
		hints: []lang.Text{lang.T("HttpOnly keeps scripts away from the cookie, SameSite=Lax keeps other sites from using it, Path=/ sends it to every page.", "HttpOnly は、スクリプトが Cookie に触れるのを防ぎます。SameSite=Lax は、ほかのサイトが Cookie を利用するのを防ぎます。Path=/ なら、すべてのページに Cookie が送られます。")},
		run:   cookieFlags,
	},
	{
		id:    "logout-deletes-cookie",
		name:  lang.T("logout deletes the cookie", "ログアウトすると Cookie が削除される"),
		hints: []lang.Text{lang.T("To delete a cookie, set it with the same name and path and with Max-Age=0.", "Cookie を削除するには、同じ名前とパスの Cookie を Max-Age=0 で設定します。")},
		run: func(s *scene) {
			b := s.loggedIn()
			b.expectLoggedIn(s.user)
			p := b.post("/logout", url.Values{})
			deleted := slices.ContainsFunc(p.Cookies, func(c *http.Cookie) bool {
				return c.Name == s.cookieName() && c.MaxAge < 0 && c.Path == "/"
			})
			s.expect(deleted, lang.T("POST /logout to set %s with Max-Age=0 and Path=/", "POST /logout が %s を Max-Age=0 と Path=/ で設定すること", s.cookieName()),
				p.setCookies())
		},
	},
	{
		id:    "no-store",
		name:  lang.T("a page with a name in it is not kept in a cache", "名前の入ったページはキャッシュに残らない"),
		hints: []lang.Text{lang.T("Send Cache-Control: no-store. Otherwise the Back button shows the page after logout.", "Cache-Control: no-store を送ってください。送らないと、ログアウトのあとでも、「戻る」ボタンでそのページが見えてしまいます。")},
		run: func(s *scene) {
			b := s.loggedIn()
			p := b.expectLoggedIn(s.user)
			s.expect(strings.Contains(p.Header.Get("Cache-Control"), "no-store"),
				lang.T("Cache-Control: no-store on GET /", "GET / の応答に Cache-Control: no-store があること"), lang.Same(quote(p.Header.Get("Cache-Control"))))
		},
	},
	{
		id:    "content-policy",
		name:  lang.T("every page has a strict Content-Security-Policy", "すべてのページに厳しい Content-Security-Policy がある"),
		hints: []lang.Text{lang.T("The policy names what a page may load, and has no 'unsafe-inline'. Set it in a middleware, so that error pages have it too.", "ポリシーには、ページが読み込んでよいものを指定し、'unsafe-inline' は書きません。エラーページにも付くように、ミドルウェアで設定してください。")},
		run:   contentPolicy,
	},
	{
		id:    "cross-site-login",
		name:  lang.T("a form on another site cannot log you in", "ほかのサイトのフォームからはログインできない"),
		hints: []lang.Text{lang.T("net/http's CrossOriginProtection looks at Sec-Fetch-Site and Origin. Its Check must run before any other work.", "net/http の CrossOriginProtection は、Sec-Fetch-Site と Origin を調べます。その Check を、ほかの処理より先に呼んでください。")},
		run:   crossSiteLogin,
	},
	{
		id:    "cross-site-logout",
		name:  lang.T("a form on another site cannot log you out", "ほかのサイトのフォームからはログアウトできない"),
		hints: []lang.Text{lang.T("net/http's CrossOriginProtection looks at Sec-Fetch-Site and Origin. Its Check must run before any other work.", "net/http の CrossOriginProtection は、Sec-Fetch-Site と Origin を調べます。その Check を、ほかの処理より先に呼んでください。")},
		run: func(s *scene) {
			b := s.loggedIn()
			b.expectLoggedIn(s.user)
			for _, header := range crossSite {
				s.expectFramed(b.send(http.MethodPost, "/logout", url.Values{}, header), http.StatusForbidden)
			}
			b.expectLoggedIn(s.user)
		},
	},
	{
		id:    "same-site-form",
		name:  lang.T("a form on this site is accepted", "このサイトのフォームは受け付ける"),
		hints: []lang.Text{lang.T("A browser sends Sec-Fetch-Site: same-origin and an Origin with the form of this app. Both must pass the check for other sites.", "ブラウザは、このアプリのフォームを送るときに Sec-Fetch-Site: same-origin と Origin を付けます。どちらも、ほかのサイトを見分ける検査で拒否されないようにしてください。")},
		run: func(s *scene) {
			b := s.browser()
			b.loadForm("/login", nil)
			p := b.postWith("/login", url.Values{"username": {s.user}}, http.Header{
				"Sec-Fetch-Site": {"same-origin"}, "Origin": {b.Address("")},
			})
			s.expect(p.redirects(), lang.T("POST /login from this site to redirect", "このサイトからの POST /login がリダイレクトすること"), p.said())
			b.expectLoggedIn(s.user)
		},
	},
	{
		id:    "cross-site-link",
		name:  lang.T("a link on another site does not log you out", "ほかのサイトのリンクではログアウトしない"),
		hints: []lang.Text{lang.T("GET /logout with Sec-Fetch-Site: cross-site shows a logout button and leaves you logged in.", "Sec-Fetch-Site: cross-site の付いた GET /logout では、ログアウトのボタンを表示するだけで、ログアウトはしません。")},
		run: func(s *scene) {
			b := s.loggedIn()
			p := b.send(http.MethodGet, "/logout", nil, http.Header{"Sec-Fetch-Site": {"cross-site"}})
			s.expect(p.Status == http.StatusOK && p.hasLogoutButton(),
				lang.T("GET /logout from another site to answer 200 with a form that posts to /logout", "ほかのサイトからの GET /logout が 200 を返し、ページに /logout へ POST するフォームがあること"), p.said())
			b.expectLoggedIn(s.user)
		},
	},
	{
		id:    "tampered-cookie",
		name:  lang.T("a tampered cookie is treated like no cookie", "改ざんされた Cookie は、Cookie がない場合と同じように扱う"),
		hints: []lang.Text{lang.T("A visitor with a changed cookie is not logged in. The page has status 200, never 500.", "Cookie が書き換えられていたら、ログインしていないものとして扱います。ページのステータスは 200 です。500 にしてはいけません。")},
		run:   brokenCookie(changed),
	},
	{
		id:    "garbage-cookie",
		name:  lang.T("a garbage cookie is treated like no cookie", "でたらめな値の Cookie は、Cookie がない場合と同じように扱う"),
		hints: []lang.Text{lang.T("A visitor with a cookie that cannot be decoded is not logged in. The page has status 200, never 500.", "Cookie をデコードできなければ、ログインしていないものとして扱います。ページのステータスは 200 です。500 にしてはいけません。")},
		run:   brokenCookie(func(string) string { return "%%%|not-a-cookie" }),
	},
	{
		id:    "oversized-cookie",
		name:  lang.T("an oversized cookie is treated like no cookie", "大きすぎる Cookie は、Cookie がない場合と同じように扱う"),
		hints: []lang.Text{lang.T("A visitor with a cookie of 6 KB is not logged in. The page has status 200, never 500.", "6 KB の Cookie が送られてきたら、ログインしていないものとして扱います。ページのステータスは 200 です。500 にしてはいけません。")},
		run:   brokenCookie(func(string) string { return strings.Repeat("A", 6<<10) }),
	},
	{
		id:    "empty-cookie",
		name:  lang.T("an empty cookie is treated like no cookie", "空の Cookie は、Cookie がない場合と同じように扱う"),
		hints: []lang.Text{lang.T("A visitor with a cookie without a value is not logged in. The page has status 200, never 500.", "Cookie の値が空なら、ログインしていないものとして扱います。ページのステータスは 200 です。500 にしてはいけません。")},
		run:   brokenCookie(func(string) string { return "" }),
	},
	{
		id:    "logout-without-login",
		name:  lang.T("logout without a login is not an error", "ログインしていないときにログアウトしてもエラーにならない"),
		hints: []lang.Text{lang.T("A logout without a login redirects to / like any other.", "ログインしていないときのログアウトも、ふつうのログアウトと同じように / へリダイレクトします。")},
		run: func(s *scene) {
			p := s.browser().post("/logout", url.Values{})
			s.expect(p.redirects(), lang.T("%s without a login to redirect", "ログインしていないときの %s がリダイレクトすること", p.Request), p.said())
			s.expectToRoot(p)
		},
	},
	{
		id:    "other-steps-cookie",
		name:  lang.T("the cookie of another step is left alone", "ほかのステップの Cookie には手を付けない"),
		hints: []lang.Text{lang.T("Two steps may run at the same time on two ports, and browsers send a host's cookies to all its ports. Set and delete only your own cookie.", "2 つのステップを別々のポートで同時に動かすことがあります。ブラウザは、同じホストなら、どのポートにも同じ Cookie を送ります。設定や削除をするのは、自分の Cookie だけにしてください。")},
		run:   otherStepsCookie,
	},
	{
		id:    "user-key",
		name:  lang.T("the key is workshop:user: and the name, as it was typed", "キーは workshop:user: に、入力されたとおりの名前を続けたもの"),
		steps: byName,
		hints: []lang.Text{lang.T("The key contains the name as it was typed, not escaped for HTML. The hash has only the field visits.", "キーには、入力されたとおりの名前を使います。HTML 用のエスケープはしません。ハッシュのフィールドは visits だけです。")},
		run:   keyOfEachName,
	},
	{
		id:    "session-key",
		name:  lang.T("the key is workshop:session: and the SHA-256 of the cookie", "キーは workshop:session: に、Cookie の SHA-256 ハッシュ値を続けたもの"),
		steps: onlyFour,
		hints: []lang.Text{lang.T("The key contains the SHA-256 of the cookie's value as it is sent, in 64 lower-case hexadecimal digits. The store's internal fields begin with @.", "キーには、Cookie の値（送られてきたままの文字列）の SHA-256 ハッシュ値を、小文字の 16 進数 64 桁で使います。ストアが内部で使うフィールドの名前は @ で始めます。")},
		run:   keyOfEachName,
	},
	{
		id:    "no-ttl-yet",
		name:  lang.T("the key has no TTL yet", "キーにはまだ TTL がない"),
		steps: onlyTwo,
		hints: []lang.Text{lang.T("Keys live for ever in step 2. That is what step 3 fixes.", "ステップ 2 では、キーがいつまでも残ります。それを直すのがステップ 3 です。")},
		run: func(s *scene) {
			s.visited(2)
			left := s.ttl("workshop:user:" + s.user)
			s.expect(left == forever, lang.T("no TTL on workshop:user:%s", "workshop:user:%s に TTL がないこと", s.user), ttlText("workshop:user:"+s.user, left))
		},
	},
	{
		id:    "wrong-type",
		name:  lang.T("a key of another type gives an error page and stays as it is", "キーの型が違えばエラーページを返し、キーはそのまま残す"),
		steps: counting,
		hints: []lang.Text{lang.T("Redis answers WRONGTYPE. The page has status 500 and names the key and its type. Nothing is deleted.", "Redis は WRONGTYPE を返します。ページのステータスは 500 とし、キーの名前と型を示します。何も削除しません。")},
		run:   wrongType,
	},
	{
		id:    "ended-session",
		name:  lang.T("the page says that a session has ended", "セッションが終わったことをページに表示する"),
		steps: onlyFour,
		hints: []lang.Text{lang.T("If the session of a cookie has ended, the page says why the user must log in again. Without a cookie, the page says nothing of that. The answer does not set the cookie.", "Cookie のセッションが終わっていたら、ログインし直さなければならない理由をページに表示します。Cookie がなければ、その表示はしません。この応答では Cookie を設定しません。")},
		run:   endedSession,
	},
	{
		id:    "login-ends-session",
		name:  lang.T("a login ends the session that the browser had", "ログインすると、そのブラウザの前のセッションが終わる"),
		steps: onlyFour,
		hints: []lang.Text{lang.T("Before login calls Create, it calls Delete with the token that the browser sent. Otherwise the old session lives on, and a copy of its cookie still logs in.", "login では、Create を呼ぶ前に、ブラウザが送ってきたトークンを渡して Delete を呼びます。そうしないと前のセッションが残り、その Cookie のコピーでまだログインできてしまいます。")},
		run: func(s *scene) {
			b := s.loggedIn()
			old := b.copy()
			b.login(s.user)
			old.expectLoggedOut()
		},
	},
}

// crossSite holds what browsers send with a form on another site: new browsers
// the first header, old ones only the second.
var crossSite = []http.Header{
	{"Sec-Fetch-Site": {"cross-site"}},
	{"Origin": {"https://evil.example"}},
}

func (s *scene) expectSeeOther(p page) {
	s.expect(p.Status == http.StatusSeeOther, lang.T("%s to answer 303", "%s が 303 を返すこと", p.Request), p.said())
	s.expectToRoot(p)
}

// expectFramed expects a page in the app's own design.
func (s *scene) expectFramed(p page, status int) {
	s.expect(p.Status == status, lang.T("%s to answer %d", "%s が %d を返すこと", p.Request, status), p.said())
	s.expect(strings.HasPrefix(p.Header.Get("Content-Type"), "text/html"),
		lang.T("an HTML page from %s", "%s が HTML のページを返すこと", p.Request), lang.Same("Content-Type: "+quote(p.Header.Get("Content-Type"))))
	s.expect(p.hasTitle() && linkToRoot.in(browse.Parse(p.Body)),
		lang.T("a page with a title and a link to / from %s", "%s のページに、タイトルと / へのリンクがあること", p.Request), lang.Same(quote(p.Body)))
}

// expectRefused expects the app to refuse a name, with a reason inside the form.
func (s *scene) expectRefused(name string) {
	b := s.browser()
	plain := markupOf(b.get("/login").loginForm())
	p := b.post("/login", url.Values{"username": {name}})
	s.expect(p.Status == http.StatusBadRequest, lang.T("POST /login with username=%s to answer 400", "username=%s の POST /login が 400 を返すこと", quote(name)), p.said())
	again := markupOf(p.loginForm())
	s.expect(again != "", lang.T("the form again, for username=%s", "username=%s のとき、もう一度フォームを表示すること", quote(name)), p.said())
	s.expect(browse.Text(again) != browse.Text(plain), lang.T("the reason inside the form, for username=%s", "username=%s のとき、フォームの中に理由を表示すること", quote(name)), lang.Same(quote(browse.Text(again))))
	s.expect(len(p.Cookies) == 0, lang.T("no cookie for username=%s", "username=%s のとき、Cookie を設定しないこと", quote(name)), p.setCookies())
}

// padded extends a name to n bytes.
func padded(name, with string, n int) string {
	return name + strings.Repeat(with, n-len(name))
}

func headLikeGet(s *scene) {
	b := s.browser()
	for range 2 {
		for _, path := range []string{"/", "/login"} {
			get, head := b.get(path), b.send(http.MethodHead, path, nil, nil)
			s.expect(head.Status == http.StatusOK, lang.T("%s to answer 200", "%s が 200 を返すこと", head.Request), head.said())
			s.expect(head.Body == "", lang.T("no body from %s", "%s の応答に本文がないこと", head.Request), lang.Same(quote(head.Body)))
			s.expect(head.Header.Get("Content-Type") == get.Header.Get("Content-Type"),
				lang.T("%s to have the Content-Type of GET: %s", "%s の Content-Type が GET と同じ %s であること", head.Request, quote(get.Header.Get("Content-Type"))),
				lang.Same(quote(head.Header.Get("Content-Type"))))
		}
		// The second round is logged in.
		b.login(s.user)
	}
}

func prefetch(s *scene) {
	b := s.loggedIn()
	for _, header := range []http.Header{
		{"Sec-Purpose": {"prefetch"}}, {"Sec-Purpose": {"prefetch;prerender"}}, {"Purpose": {"prefetch"}}, {"X-Moz": {"prefetch"}},
	} {
		for _, path := range []string{"/", "/logout"} {
			p := b.send(http.MethodGet, path, nil, header)
			s.expect(p.Status == http.StatusServiceUnavailable && strings.Contains(p.Header.Get("Cache-Control"), "no-store"),
				lang.T("GET %s with %v to answer 503 with Cache-Control: no-store", "%[2]v の付いた GET %[1]s が、Cache-Control: no-store を付けて 503 を返すこと", path, header), lang.T("%s, Cache-Control: %s", "%s、Cache-Control は %s", p.said(), quote(p.Header.Get("Cache-Control"))))
			s.expect(len(p.Cookies) == 0, lang.T("no cookie from GET %s with %v", "%[2]v の付いた GET %[1]s が Cookie を設定しないこと", path, header), p.setCookies())
		}
	}
	if s.step > 1 {
		b.expectVisits(1)
	}
	b.expectLoggedIn(s.user)
}

// cookieName returns the name of the step's own cookie.
func (s *scene) cookieName() string {
	switch {
	case s.step < 4:
		return "workshop_login"
	case s.https():
		return "__Host-workshop_session"
	}
	return "workshop_session"
}

func (s *scene) https() bool { return strings.HasPrefix(s.target.URL, "https:") }

func cookieFlags(s *scene) {
	p := s.browser().login(s.user)
	s.expect(len(p.Cookies) == 1, lang.T("login to set one cookie", "ログインで設定される Cookie が 1 つだけであること"), p.setCookies())
	if s.failed() {
		return
	}
	c := p.Cookies[0]
	s.expect(c.Name == s.cookieName(), lang.T("a cookie named %s", "Cookie の名前が %s であること", s.cookieName()), lang.Same(c.Name))
	s.expect(c.HttpOnly && c.SameSite == http.SameSiteLaxMode && c.Path == "/" && c.Domain == "",
		lang.T("HttpOnly, SameSite=Lax, Path=/ and no Domain", "HttpOnly、SameSite=Lax、Path=/ があり、Domain がないこと"), lang.Same(flags(c)))
	s.expect(c.Secure == s.https(), lang.T("Secure to be %v on %s", "%[2]s では Secure が %[1]v であること", s.https(), s.target.URL), lang.Same(flags(c)))
}

func contentPolicy(s *scene) {
	b := s.browser()
	for _, path := range []string{"/", "/login", "/no-such-page"} {
		policy := b.get(path).Header.Get("Content-Security-Policy")
		s.expect(strings.Contains(policy, "default-src") && !strings.Contains(policy, "unsafe-"),
			lang.T("a Content-Security-Policy with default-src and without 'unsafe-inline' on GET %s", "GET %s の Content-Security-Policy に default-src があり、'unsafe-inline' がないこと", path), lang.Same(quote(policy)))
	}
}

func crossSiteLogin(s *scene) {
	b := s.browser()
	for _, header := range crossSite {
		p := b.send(http.MethodPost, "/login", url.Values{"username": {s.user}}, header)
		s.expectFramed(p, http.StatusForbidden)
		s.expect(len(p.Cookies) == 0, lang.T("no cookie from %s by another site", "ほかのサイトからの %s が Cookie を設定しないこと", p.Request), p.setCookies())
		b.expectLoggedOut()
	}
	b.login(s.user)
	if s.step > 1 {
		b.expectVisits(1)
	}
}

// brokenCookie returns a check that sends a real cookie, damaged.
func brokenCookie(damage func(value string) string) func(s *scene) {
	return func(s *scene) {
		owner := s.loggedIn()
		header := http.Header{"Cookie": {s.cookieName() + "=" + damage(owner.cookie().Value)}}
		p := s.browser().send(http.MethodGet, "/", nil, header)
		s.expect(p.Status == http.StatusOK, lang.T("GET / with a broken cookie to answer 200", "壊れた Cookie を付けた GET / が 200 を返すこと"), p.said())
		s.expectSaysLoggedOut(p)
		p = s.browser().send(http.MethodPost, "/logout", url.Values{}, header)
		s.expect(p.redirects(), lang.T("%s with a broken cookie to redirect", "壊れた Cookie を付けた %s がリダイレクトすること", p.Request), p.said())
		b := s.browser()
		b.loadForm("/login", header)
		p = b.postWith("/login", url.Values{"username": {s.user}}, header)
		s.expect(p.redirects(), lang.T("%s with a broken cookie to redirect", "壊れた Cookie を付けた %s がリダイレクトすること", p.Request), p.said())
		s.expect(len(p.Cookies) > 0, lang.T("a new cookie from %s with a broken cookie", "壊れた Cookie を付けた %s が新しい Cookie を設定すること", p.Request), lang.T("none", "なし"))
	}
}

func otherStepsCookie(s *scene) {
	other := "workshop_session"
	if s.step == 4 {
		other = "workshop_login"
	}
	b := s.browser()
	b.plant(other, "of-another-step")
	b.expectLoggedOut()
	answers := []page{b.login(s.user), b.expectLoggedIn(s.user), b.post("/logout", url.Values{})}
	for _, p := range answers {
		s.expectCookieLeftAlone(p, other)
	}
	b.expectLoggedOut()
}

// ownKey returns the key that an app of the workshop has for the login of b as
// name.
func (s *scene) ownKey(b *browser, name string) string {
	if s.step < 4 {
		return "workshop:user:" + name
	}
	sum := sha256.Sum256([]byte(b.cookie().Value))
	return "workshop:session:" + hex.EncodeToString(sum[:])
}

func keyOfEachName(s *scene) {
	for _, name := range []string{s.user, s.user + " o'brien & <co>", s.user + "日本語"} {
		b := s.browser()
		b.login(name)
		b.expectVisits(1)
		s.expectKey(b, name)
	}
}

func (s *scene) expectKey(b *browser, name string) {
	key := s.ownKey(b, name)
	if s.failed() {
		return
	}
	cmd := s.target.Redis.HGetAll(s.ctx, key)
	s.expectReply(cmd)
	fields := cmd.Val()
	s.expect(len(fields) > 0, lang.T("a hash %s", "ハッシュ %s があること", key), lang.T("no such hash", "そのハッシュがない"))
	s.expect(fields["visits"] == "1", lang.T("the field visits of %s to be 1", "%s のフィールド visits が 1 であること", key), lang.Same(quote(fields["visits"])))
	if s.step == 4 {
		s.expect(fields["username"] == name, lang.T("the field username of %s to be %s", "%s のフィールド username が %s であること", key, quote(name)), lang.Same(quote(fields["username"])))
	}
	for field := range fields {
		known := field == "visits" || s.step == 4 && (field == "username" || strings.HasPrefix(field, "@"))
		s.expect(known, lang.T("only the fields of this step in %s", "%s のフィールドが、このステップで使うものだけであること", key), lang.Same(field))
	}
}

func wrongType(s *scene) {
	b := s.loggedIn()
	key := s.ownKey(b, s.user)
	s.plantString(key, "hello")
	p := b.get("/")
	s.expectFramed(p, http.StatusInternalServerError)
	s.expect(strings.Contains(p.Text(), key) && strings.Contains(p.Text(), "string"),
		lang.T("the page to name the key %s and its type, string", "ページがキー %s とその型 string を示すこと", key), p.said())
	if s.failed() {
		return
	}
	value := s.target.Redis.Get(s.ctx, key)
	s.expectReply(value)
	s.expect(value.Val() == "hello", lang.T(`%s to hold "hello" as before`, `%s の値が "hello" のまま変わらないこと`, key), lang.Same(quote(value.Val())))
	// In step 3 the EXPIRE of the transaction runs although HINCRBY failed.
	if s.step != 3 {
		left := s.ttl(key)
		s.expect(left == forever, lang.T("no TTL on %s, as before", "%s に、前と同じく TTL がないこと", key), ttlText(key, left))
	}
	s.browser().expectLoggedOut()
}

func endedSession(s *scene) {
	fresh := s.browser().expectLoggedOut()
	s.expect(!strings.Contains(fresh.Text(), "Your session has ended"), lang.T("nothing about a session for a browser without a cookie", "Cookie のないブラウザには、セッションについて何も表示しないこと"), fresh.said())
	expired, loggedOff := s.loggedIn(), s.browser()
	expired.expectVisits(1)
	s.expire(s.ownKey(expired, s.user))
	loggedOff.login(s.user)
	copied := loggedOff.copy()
	loggedOff.logout()
	for _, b := range []*browser{expired, copied} {
		p := b.expectLoggedOut()
		s.expect(s.saysEnded(p.Text()), lang.T("GET / with the cookie of an ended session to say %s", "終わったセッションの Cookie を付けた GET / が %s を表示すること", quote(endedText(s.idleText()))), p.said())
		s.expectCookieLeftAlone(p, s.cookieName())
	}
}

func endedText(idle string) string {
	return "Your session has ended: it was idle for " + idle + ", or was logged out"
}

// idleText returns the TTL as the page shows it, "10 s".
func (s *scene) idleText() string {
	return strconv.FormatFloat(s.target.TTL.Seconds(), 'f', -1, 64) + " s"
}

// saysEnded reports whether the page says that the session has ended. A TTL below
// a minute must have the exact words; an app may write a longer one in its own
// way ("2 minutes").
func (s *scene) saysEnded(text string) bool {
	if s.target.TTL < time.Minute {
		return strings.Contains(text, endedText(s.idleText()))
	}
	before, after, _ := strings.Cut(endedText("\x00"), "\x00")
	_, rest, found := strings.Cut(text, before)
	return found && strings.Contains(rest, after)
}
