package contract

import (
	"time"

	"example.com/session-workshop/shared/lang"
)

// lifetimes are the rules about the TTL of keys in Redis.
var lifetimes = []rule{
	{
		id:    "login-ttl",
		name:  lang.T("login gives the session a TTL", "ログインするとセッションに TTL が付く"),
		steps: onlyFour,
		hints: []lang.Text{
			lang.T("PTTL says -1: the session has no TTL. A user who logs in and never comes back would leave it in Redis for ever. Send EXPIRE together with the HSET of the login. If PTTL is higher than expected, the time is written in the code: use the TTL that the app was started with.", "PTTL が -1 なら、セッションに TTL が付いていません。ユーザーがログインしたまま戻ってこないと、セッションが Redis にいつまでも残ります。ログイン時の HSET と一緒に EXPIRE を送ってください。PTTL が期待より大きければ、時間がコードに書き込まれています。アプリの起動時に指定された TTL を使ってください。"),
			lang.T("HSet and PExpire go together in TxPipelined, in this order, with s.ttl.", "TxPipelined に渡す関数の中で、HSet、PExpire の順に呼びます。TTL には s.ttl を渡します。"),
			lang.Same("multi.HSet(ctx, s.Key(t), …); multi.PExpire(ctx, s.Key(t), s.ttl)"),
		},
		where: inCreate,
		run: func(s *scene) {
			s.browser().login(s.user)
			s.expectTTL(s.key())
		},
	},
	{
		id:    "ttl-set",
		name:  lang.T("the first visit gives the key a TTL", "最初のアクセスでキーに TTL が付く"),
		steps: expiring,
		hints: []lang.Text{
			lang.T("If PTTL says -1, the key has no TTL. Is EXPIRE sent, and is it sent after HINCRBY? EXPIRE does nothing to a key that is not there yet, so with EXPIRE first the key of a first visit lives for ever. If PTTL is higher than expected, the time is written in the code: use the TTL that the app was started with.", "PTTL が -1 なら、キーに TTL が付いていません。EXPIRE を送っていますか。送っているなら、HINCRBY のあとですか。まだないキーに EXPIRE を送っても、何も起きません。先に EXPIRE を送ると、最初のアクセスで作ったキーがいつまでも残ります。PTTL が期待より大きければ、時間がコードに書き込まれています。アプリの起動時に指定された TTL を使ってください。"),
			lang.T("TxPipelined sends several commands together, in your order: first HIncrBy, then Expire with the TTL from cfg.SessionTTL.", "TxPipelined は、複数のコマンドを、呼んだ順にまとめて送ります。先に HIncrBy を、次に Expire を呼びます。Expire には cfg.SessionTTL の TTL を渡します。"),
			lang.Same(`a.rdb.TxPipelined(ctx, func(multi redis.Pipeliner) error { visits = multi.HIncrBy(ctx, key, "visits", 1); multi.Expire(ctx, key, a.ttl); return nil })`),
		},
		where: inIndex,
		inFour: place{
			where: inVisit,
			hints: []lang.Text{
				lang.T("The script sends PEXPIRE after HINCRBY, with s.ttl in milliseconds.", "スクリプトでは、HINCRBY のあとに PEXPIRE を実行します。渡すのは、s.ttl をミリ秒にした値です。"),
				lang.Same("redis.call('PEXPIRE', KEYS[1], ARGV[1])"),
			},
		},
		run: func(s *scene) {
			s.visited(1)
			s.expectTTL(s.key())
		},
	},
	{
		id:    "ttl-refilled",
		name:  lang.T("every visit resets the TTL to the full time", "アクセスのたびに TTL が元の長さに戻る"),
		steps: expiring,
		hints: []lang.Text{
			lang.T("The TTL slides: every visit sends EXPIRE, not only the first one. Is there an if around EXPIRE, or its option NX?", "TTL は、アクセスのたびに元の長さに戻します（スライディング方式）。EXPIRE は、最初のアクセスだけでなく、毎回送ってください。EXPIRE を if で囲んだり、オプション NX を付けたりしていませんか。"),
			lang.T("Call multi.Expire beside multi.HIncrBy, without any condition. ExpireNX sets a TTL only if there is none.", "multi.Expire は、multi.HIncrBy と並べて、条件を付けずに呼びます。ExpireNX は、TTL がないときにしか TTL を付けません。"),
			lang.Same(`visits = multi.HIncrBy(ctx, key, "visits", 1); multi.Expire(ctx, key, a.ttl)`),
		},
		where: inIndex,
		inFour: place{
			where: inVisit,
			hints: []lang.Text{
				lang.T("The script sends PEXPIRE in each visit, without the option NX.", "スクリプトでは、アクセスのたびに、オプション NX なしで PEXPIRE を実行します。"),
				lang.Same("redis.call('PEXPIRE', KEYS[1], ARGV[1])"),
			},
		},
		run: func(s *scene) {
			b := s.visited(1)
			key := s.key()
			s.shorten(key)
			since := time.Now()
			b.expectVisits(2)
			s.expectFull(key, since)
		},
	},
	{
		id:    "ttl-left-alone",
		name:  lang.T("other requests leave the TTL alone", "ほかのリクエストでは TTL が延びない"),
		steps: expiring,
		hints: []lang.Text{
			lang.T("Only a visit to / resets the TTL. Is EXPIRE sent in a middleware, which runs for every page?", "TTL を元の長さに戻すのは、/ へのアクセスだけです。どのページでも動くミドルウェアの中で EXPIRE を送っていませんか。"),
			lang.T("Call Expire only in index: not in e.Use(…), not in loginForm, not in login.", "Expire を呼ぶのは index の中だけです。e.Use(…)、loginForm、login の中では呼びません。"),
			lang.T("multi.Expire(ctx, key, a.ttl), only inside index", "multi.Expire(ctx, key, a.ttl) を呼ぶのは index の中だけ"),
		},
		where: inIndex,
		inFour: place{
			where: inIndex,
			hints: []lang.Text{
				lang.T("Only Visit sends PEXPIRE, and only index calls Visit.", "PEXPIRE を送るのは Visit だけ、Visit を呼ぶのは index だけです。"),
				lang.T("no a.store.Visit(…) in a middleware, in loginForm or in the panel's Key", "ミドルウェア、loginForm、パネルの Key の中では a.store.Visit(…) を呼ばない"),
			},
		},
		run: func(s *scene) {
			b := s.visited(1)
			key := s.key()
			short := s.shorten(key)
			b.otherRequests()
			left := s.ttl(key)
			s.expect(left != forever && left <= short,
				lang.T("the TTL of %s to stay at or below %s", "%s の TTL が %s 以下のままであること", key, short), ttlText(key, left))
		},
	},
	{
		id:    "key-gone",
		name:  lang.T("when the key is gone you are still logged in, and Visits is 1", "キーが消えてもログインは切れず、Visits は 1 になる"),
		steps: onlyThree,
		hints: []lang.Text{
			lang.T("In this step the login is in the cookie and the count is in Redis. When the count has expired, HINCRBY starts again at 1; the user stays logged in.", "このステップでは、ログインの情報は Cookie に、訪問回数は Redis にあります。訪問回数が期限切れになると、HINCRBY はまた 1 から数えますが、ログインは切れません。"),
			lang.T("The cookie says who is logged in: username(c). Do not ask Redis with EXISTS whether the visitor is logged in.", "誰がログインしているかは Cookie に入っていて、username(c) で読めます。訪問者がログインしているかどうかを、EXISTS で Redis に問い合わせないでください。"),
			lang.T(`key := userKey(c); if key == "" { … not logged in … }; every other visitor gets HIncrBy`, `key := userKey(c); if key == "" { … ログインしていない場合 … }; それ以外の訪問者では必ず HIncrBy を呼ぶ`),
		},
		where: inIndex,
		run: func(s *scene) {
			b := s.visited(2)
			s.expire(s.key())
			b.expectVisits(1)
		},
	},
	{
		id:    "session-gone",
		name:  lang.T("an ended session logs you out; a new login starts at 1", "セッションが終わるとログインも切れ、ログインし直すと 1 から始まる"),
		steps: onlyFour,
		hints: []lang.Text{
			lang.T(`The session in Redis is the login. A visit whose session is not there says "You are not logged in". It must not make the session again: does HINCRBY run without checking that the key exists?`, `Redis にあるセッションが、ログインそのものです。アクセスしたときにセッションがなければ、"You are not logged in" と表示します。そこでセッションを作り直してはいけません。キーがあるかを確かめずに HINCRBY を実行していませんか。`),
			lang.T("Visit returns ErrNone if EXISTS answers 0, and index then shows the page for visitors without a login. Nothing is kept in Go.", "EXISTS が 0 を返したら、Visit は ErrNone を返し、index はログインしていない訪問者向けのページを表示します。Go の側には何も保存しません。"),
			lang.Same(`if errors.Is(err, session.ErrNone) { return c.Render(http.StatusOK, "index", page{}) }`),
		},
		where: inVisit,
		run: func(s *scene) {
			b := s.visited(2)
			key := s.key()
			s.expire(key)
			b.expectLoggedOut()
			s.expect(!s.exists(key), lang.T("no visit to bring back %s after its end", "消えたキー %s が、アクセスしても復活しないこと", key), lang.T("the key is there again", "キーが復活している"))
			b.login(s.user)
			b.expectVisits(1)
		},
	},
}

// wholeLives are the checks that wait a whole TTL, the last of their step.
var wholeLives = []rule{
	{
		id:    "count-expires",
		name:  lang.T("after a whole TTL without a visit, Visits starts at 1", "TTL の間ずっとアクセスがなければ、Visits は 1 から始まる"),
		steps: onlyThree,
		waits: true,
		hints: []lang.Text{
			lang.T("The check waited for the real end of the TTL that the app was started with. Look at it yourself: redis-cli ttl KEY. Is the number of seconds right, and is EXPIRE sent after HINCRBY?", "このチェックは、アプリの起動時に指定した TTL が実際に 0 になるまで待ちました。redis-cli ttl KEY を実行して、自分でも見てください。秒数は合っていますか。EXPIRE を HINCRBY のあとに送っていますか。"),
			lang.T("The TTL is cfg.SessionTTL, a time.Duration: Expire takes it as it is. PExpire counts in milliseconds and takes a Duration too.", "TTL は cfg.SessionTTL です。型は time.Duration なので、そのまま Expire に渡せます。PExpire はミリ秒単位ですが、引数は同じく Duration です。"),
			lang.Same(`e.GET("/", app{conn.Client, cfg.SessionTTL}.index) … multi.Expire(ctx, key, a.ttl)`),
		},
		where: "main.go, func index, func run",
		run: func(s *scene) {
			b := s.browser()
			s.outlive(b)
			b.expectVisits(1)
		},
	},
	{
		id:    "session-expires",
		name:  lang.T("after a whole TTL without a visit, you are logged out", "TTL の間ずっとアクセスがなければ、ログインが切れる"),
		steps: onlyFour,
		waits: true,
		hints: []lang.Text{
			lang.T("The check waited for the real end of the TTL that the app was started with. Look at it yourself: redis-cli ttl KEY. Is the number of seconds right?", "このチェックは、アプリの起動時に指定した TTL が実際に 0 になるまで待ちました。redis-cli ttl KEY を実行して、自分でも見てください。秒数は合っていますか。"),
			lang.T("PEXPIRE in the script takes milliseconds: s.ttl.Milliseconds() as an argument, ARGV[1] in the script.", "スクリプトの PEXPIRE には、ミリ秒を渡します。引数として s.ttl.Milliseconds() を渡し、スクリプトでは ARGV[1] で受け取ります。"),
			lang.Same("visit.Run(ctx, s.rdb, []string{s.Key(t)}, s.ttl.Milliseconds()) … redis.call('PEXPIRE', KEYS[1], ARGV[1])"),
		},
		where: "session/store.go, func Create, func Visit",
		run: func(s *scene) {
			b := s.browser()
			s.outlive(b)
			b.expectLoggedOut()
			b.login(s.user)
			b.expectVisits(1)
		},
	},
}

// outlive visits twice and then waits until the key has expired.
func (s *scene) outlive(b *browser) {
	b.login(s.user)
	b.expectVisits(1)
	since := time.Now()
	b.expectVisits(2)
	key := s.key()
	s.awaitGone(key, s.target.TTL+3*time.Second)
	lasted := time.Since(since)
	s.expect(lasted > s.target.TTL*8/10, lang.T("the key %s to last %s after a visit", "アクセスのあと %[2]s の間、キー %[1]s が残ること", key, s.target.TTL),
		lang.T("it was gone after %s", "%s で消えた", lasted.Round(100*time.Millisecond)))
}
