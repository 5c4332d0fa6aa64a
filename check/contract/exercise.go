package contract

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.com/session-workshop/shared/lang"
)

// Exercise is a change to a step that already passes its lesson.
type Exercise struct {
	// Name is what a learner types, such as expire-first.
	Name string
	// Optional is true if the exercise is for learners who finish early.
	Optional bool
	// Breaks is true if the change breaks the step on purpose.
	Breaks bool
	// Checks test the change, and that the rest of the lesson still works.
	Checks []Check
}

// Exercises returns the exercises of step n, 1 to 4, in the order of its guide.
// For any other n it returns none.
func Exercises(n int) []Exercise {
	var all []Exercise
	for _, e := range exercises {
		if e.step != n {
			continue
		}
		exercise := Exercise{Name: e.name, Optional: e.optional, Breaks: e.breaks != ""}
		if e.breaks != "" {
			exercise.Checks = checksOf(n, Lesson, e.breakingRules())
		} else {
			exercise.Checks = checksOf(n, Lesson, append(slices.Clone(e.rules), lessonHolds(e.rules[0].where, e.mayBreak)))
		}
		all = append(all, exercise)
	}
	return all
}

// exercise is an Exercise before its checks are made. It has either rules, or
// breaks with hints and where.
type exercise struct {
	step     int
	name     string
	optional bool
	rules    []rule
	// breaks is the id of the one check of the lesson that must fail.
	breaks string
	// mayBreak is the id of another check of the lesson that may fail; empty for
	// most.
	mayBreak string
	hints    []lang.Text
	where    string
}

var exercises = []exercise{
	{
		step: 1, name: "visits-in-cookie",
		rules: []rule{
			{
				id:   "cookie-counts",
				name: lang.T("the page counts Visits: 1, 2, 3", "ページに Visits: 1、2、3 と順に表示される"),
				hints: []lang.Text{
					lang.T("Each GET / of a logged-in user adds one to a number in the cookie, and sends the cookie again. A login starts at 0.", "ログインしているユーザーの GET / のたびに、Cookie に入れた数に 1 を足し、Cookie を送り直します。ログインしたときは 0 から始めます。"),
					lang.T("The Values of the cookie's session hold numbers too: read an int, add one, put it back, and Save before you render.", "Cookie のセッションの Values には、数も入れられます。int として読み、1 を足して書き戻し、ページをレンダリングする前に Save します。"),
					lang.Same(`s := cookie(c); n, _ := s.Values["visits"].(int); s.Values["visits"] = n + 1; if err := s.Save(c.Request(), c.Response()); err != nil { return err }`),
				},
				where: inIndex,
				run: func(s *scene) {
					b := s.loggedIn()
					for n := range 3 {
						b.expectVisits(n + 1)
					}
				},
			},
			{
				id:   "old-cookie-old-count",
				name: lang.T("an old cookie brings its old count back", "古い Cookie に戻すと、回数も元に戻る"),
				hints: []lang.Text{
					lang.T("The check copied the cookie, visited, and put the copy back. If the count still goes on, it is not in the cookie, but on the server.", "チェックは、Cookie をコピーしてからアクセスし、そのあとでコピーを書き戻しました。それでも回数が続きから増えるなら、回数は Cookie ではなくサーバーにあります。"),
					lang.T("Use no variable outside the handler: the number comes from cookie(c).Values and goes back there.", "ハンドラーの外の変数は使いません。回数は cookie(c).Values から読み、同じ場所に書き戻します。"),
					lang.Same(`n, _ := cookie(c).Values["visits"].(int)`),
				},
				where: inIndex,
				run:   oldCookieOldCount,
			},
		},
	},
	{
		step: 1, name: "unsigned",
		breaks: "changed-cookie",
		hints: []lang.Text{
			lang.T("Write the name into the cookie without any signature: then anyone can write another name there. Only that must break; the pages stay as they are.", "名前を、署名なしで Cookie に書き込みます。すると、誰でも別の名前に書き換えられます。壊すのはそこだけで、ページはそのままにします。"),
			lang.T("Instead of the session's Values, use c.SetCookie with an http.Cookie, and c.Cookie to read it. url.QueryEscape makes any name fit into a cookie.", "セッションの Values の代わりに、書き込みには c.SetCookie と http.Cookie を、読み取りには c.Cookie を使います。どんな名前でも、url.QueryEscape を通せば Cookie に入れられます。"),
			lang.T(`c.SetCookie(&http.Cookie{Name: cookieName, Value: url.QueryEscape(name), Path: "/"}) / k, err := c.Cookie(cookieName); name, _ := url.QueryUnescape(k.Value) / logout: the same cookie with MaxAge: -1`, `c.SetCookie(&http.Cookie{Name: cookieName, Value: url.QueryEscape(name), Path: "/"}) / k, err := c.Cookie(cookieName); name, _ := url.QueryUnescape(k.Value) / logout では、同じ Cookie を MaxAge: -1 で`),
		},
		where: "main.go, func login, func logout, func username",
	},
	{
		step: 1, name: "login-ends", optional: true,
		rules: []rule{{
			id:    "copy-ends",
			name:  lang.T("5 s after the login, a copy of its cookie is not a login", "ログインから 5 秒たつと、コピーした Cookie でもログインが切れている"),
			waits: true,
			hints: []lang.Text{
				lang.T("An age on the cookie is not enough, because a copy loses it. The signature holds the time when it was made, and the store can refuse an old one.", "Cookie に有効期間を付けるだけでは足りません。コピーすると失われるからです。署名には作られた時刻が入っているので、ストアは古い署名を拒否できます。"),
				lang.T("store.MaxAge(seconds) sets the age for the browser and for the check of the signature. Call it after store.Options is set.", "store.MaxAge(秒数) は、ブラウザに伝える有効期間と、署名を検証するときの有効期間の両方を設定します。store.Options を設定したあとで呼んでください。"),
				lang.Same("store.MaxAge(5)"),
			},
			where: inRun,
			run:   loginEnds,
		}},
	},
	{
		step: 2, name: "last-visit",
		rules: []rule{
			{
				id:   "last-visit-written",
				name: lang.T("the field last_visit holds the time of this visit", "フィールド last_visit に、今回のアクセスの時刻が入っている"),
				hints: []lang.Text{
					lang.T("HSET writes a second field beside visits, at each visit. The format of the time is up to you; two visits in two seconds must differ.", "アクセスのたびに、visits に加えて 2 つ目のフィールドを HSET で書き込みます。時刻の形式は自由です。ただし、秒の違う 2 回のアクセスが同じ値にならないようにしてください。"),
					lang.T("TxPipelined sends several commands together, in one round trip: HIncrBy and HSet. An HGet among them gives redis.Nil at the first visit, and TxPipelined returns that as its error: ignore it.", "TxPipelined を使うと、HIncrBy と HSet をまとめて、1 回のラウンドトリップで送れます。HGet も一緒に送ると、最初のアクセスではその結果が redis.Nil になり、TxPipelined がそれをエラーとして返します。このエラーは無視してください。"),
					lang.Same(`multi.HSet(ctx, key, "last_visit", time.Now().Format(time.RFC3339))`),
				},
				where: inIndex,
				run:   lastVisitIsWritten,
			},
			{
				id:   "last-visit-shown",
				name: lang.T("the page shows the previous visit: Last visit: …", "前回のアクセスが、ページに Last visit: … と表示される"),
				hints: []lang.Text{
					lang.T(`The page says "Last visit: " and what the field held before this visit. So it must be read before it is written.`, `ページには "Last visit: " に続けて、今回のアクセスの前にフィールドに入っていた値を表示します。そのため、書き込む前に読まなければなりません。`),
					lang.T("Put HGet before HSet into the same TxPipelined. If there is no such field yet, HGet gives redis.Nil, which TxPipelined returns as its error: ignore it.", "同じ TxPipelined の中で、HSet の前に HGet を置きます。フィールドがまだなければ HGet は redis.Nil になり、TxPipelined がそれをエラーとして返します。このエラーは無視してください。"),
					lang.Same(`last = multi.HGet(ctx, key, "last_visit"); multi.HSet(…) … if err != nil && !errors.Is(err, redis.Nil) { return err } … <p>Last visit: {{.LastVisit}}</p>`),
				},
				where: inIndex,
				run:   lastVisitIsShown,
			},
			oneRoundTrip,
		},
	},
	{
		step: 2, name: "lost-update",
		breaks: "visits-at-once", mayBreak: "one-round-trip",
		hints: []lang.Text{
			lang.T("Read the count with HGET, add one in Go, and write it back with HSET. Visits one after the other still count right; only visits at the same moment get lost.", "HGET で回数を読み、Go で 1 を足し、HSET で書き戻します。1 回ずつのアクセスなら正しく数えられます。失われるのは、同時に来たアクセスだけです。"),
			lang.T("HGet(…).Int64() returns the number, or the error redis.Nil if there is no field yet, which counts as 0.", "HGet(…).Int64() は回数を返します。フィールドがまだなければ、エラー redis.Nil を返します。その場合は 0 として扱います。"),
			lang.Same(`n, err := a.rdb.HGet(ctx, key, "visits").Int64(); if err != nil && !errors.Is(err, redis.Nil) { return err }; visits := n + 1; err = a.rdb.HSet(ctx, key, "visits", visits).Err()`),
		},
		where: inIndex,
	},
	{
		step: 2, name: "place", optional: true,
		rules: []rule{
			{
				id:   "place-shown",
				name: lang.T("the page says Your place: …, most visits first", "訪問回数の多い順の順位が、ページに Your place: … と表示される"),
				hints: []lang.Text{
					lang.T("Redis keeps an order for you: a sorted set, with the name as member and the visits as score.", "並べ替えは Redis に任せます。ソート済みセット（sorted set）を使い、名前をメンバー、訪問回数をスコアにします。"),
					lang.T("ZIncrBy counts there too, on one key for all names. ZRevRank answers with the place, from 0. Both go into one TxPipelined with HIncrBy.", "すべての名前で共通の 1 つのキーに、ZIncrBy でも回数を数えます。ZRevRank は、0 から始まる順位を返します。どちらも、HIncrBy と同じ TxPipelined に入れます。"),
					lang.T(`multi.ZIncrBy(ctx, "workshop:places", 1, username(c)); place = multi.ZRevRank(ctx, "workshop:places", username(c)) … <p>Your place: {{.Place}}</p>, with place.Val() + 1`, `multi.ZIncrBy(ctx, "workshop:places", 1, username(c)); place = multi.ZRevRank(ctx, "workshop:places", username(c)) … <p>Your place: {{.Place}}</p>。値は place.Val() + 1`),
				},
				where: inIndex,
				run:   places,
			},
			oneRoundTrip,
		},
	},
	{
		step: 3, name: "expire-first",
		breaks: "ttl-set",
		hints: []lang.Text{
			lang.T("Send EXPIRE before HINCRBY. At the second visit the key is there, and all looks well: only the first visit of a name is wrong.", "EXPIRE を HINCRBY より先に送ります。2 回目のアクセスではキーがあるので、うまくいっているように見えます。おかしいのは、その名前での最初のアクセスだけです。"),
			lang.T("Inside TxPipelined, change the order of the two lines, and nothing else.", "TxPipelined の中の 2 行を入れ替えます。ほかは変えません。"),
			lang.Same(`multi.Expire(ctx, key, a.ttl); visits = multi.HIncrBy(ctx, key, "visits", 1)`),
		},
		where: inIndex,
	},
	{
		step: 3, name: "ttl-per-user",
		rules: []rule{
			{
				id:   "vip-ttl",
				name: lang.T("a name that begins with vip- is remembered three times as long", "vip- で始まる名前は、3 倍の時間覚えている"),
				hints: []lang.Text{
					lang.T(`So far, all names have the same TTL. Make it three times as long for a name that begins with "vip-"; for all others it stays.`, `いまは、どの名前の TTL も同じ長さです。"vip-" で始まる名前だけ、3 倍にします。ほかの名前はそのままです。`),
					lang.T("strings.HasPrefix tests the name, and a time.Duration can be multiplied. Give Expire that value.", "名前は strings.HasPrefix で調べます。time.Duration は掛け算できます。その結果を Expire に渡してください。"),
					lang.Same(`ttl := a.ttl; if strings.HasPrefix(username(c), "vip-") { ttl = 3 * a.ttl } … multi.Expire(ctx, key, ttl)`),
				},
				where: inIndex,
				run:   ttlPerUser,
			},
		},
	},
	{
		step: 3, name: "time-left", optional: true,
		rules: []rule{
			{
				id:   "time-left-shown",
				name: lang.T("the page says Time left: … ms before this visit", "アクセスする前の残り時間が、ページに Time left: … ms と表示される"),
				hints: []lang.Text{
					lang.T("PTTL answers how much longer the key would have lived. After EXPIRE that is the full time again, so ask before.", "PTTL は、キーの残り時間を返します。EXPIRE のあとでは元の長さに戻っているので、その前に調べてください。"),
					lang.T("PTTL goes first into the same TxPipelined. The page shows it in milliseconds; at a first visit there is none, and it shows 0.", "同じ TxPipelined の先頭に PTTL を入れます。ページにはミリ秒で表示します。最初のアクセスでは残り時間がないので、0 と表示します。"),
					lang.T("left = multi.PTTL(ctx, key); visits = multi.HIncrBy(…); multi.Expire(…) … <p>Time left: {{.Left}} ms</p>, with max(0, left.Val().Milliseconds())", "left = multi.PTTL(ctx, key); visits = multi.HIncrBy(…); multi.Expire(…) … <p>Time left: {{.Left}} ms</p>。値は max(0, left.Val().Milliseconds())"),
				},
				where: inIndex,
				run:   timeLeft,
			},
			oneRoundTrip,
		},
	},
	{
		step: 4, name: "plain-token",
		breaks: "token-not-in-redis",
		hints: []lang.Text{
			lang.T("Use the token itself in the key, in place of its SHA-256. Every page works as before. Anyone who can list the keys can now log in as any user.", "キーに、SHA-256 の代わりにトークンそのものを使います。どのページも、前と同じように動きます。ところが、キーの一覧を見られる人なら、誰にでもなりすましてログインできるようになりました。"),
			lang.T("Token is a string: it can follow keyPrefix without a hash.", "Token は string なので、ハッシュ値にしなくても keyPrefix の後ろにつなげられます。"),
			lang.Same("return keyPrefix + string(t)"),
		},
		where: inKey,
	},
	{
		step: 4, name: "log-out-everywhere",
		rules: []rule{
			{
				id:   "all-logged-out",
				name: lang.T("POST /logout-everywhere logs out all browsers of a name", "POST /logout-everywhere で、同じ名前のすべてのブラウザがログアウトする"),
				hints: []lang.Text{
					lang.T("A request of one browser ends every session of the same name, in Redis. To find them, remember at login which sessions a name has.", "1 つのブラウザからのリクエストで、同じ名前のセッションをすべて Redis から消します。それを見つけられるように、どの名前にどのセッションがあるかを、ログインのときに記録しておきます。"),
					lang.T("In Create, SAdd the session's key to a set of the user. The new method reads the name with HGet from the session of this token, reads the set with SMembers, and deletes those keys and the set.", "Create では、ユーザーごとのセットに、セッションのキーを SAdd で加えます。新しいメソッドでは、トークンのセッションから HGet で名前を読み、SMembers でセットを読みます。そして、セットに入っていたキーと、セットそのものを削除します。"),
					lang.Same(`multi.SAdd(ctx, userKey(username), s.Key(t)) / keys := s.rdb.SMembers(ctx, userKey(name)).Val(); s.rdb.Del(ctx, append(keys, userKey(name))...) / e.POST("/logout-everywhere", a.logoutEverywhere)`),
				},
				where: "session/store.go, func Create, func Delete; main.go, func run",
				run:   logOutEverywhere,
			},
			{
				id:   "others-stay",
				name: lang.T("other names stay logged in", "ほかの名前はログインしたまま"),
				hints: []lang.Text{
					lang.T("Only the sessions of the name that asked may end. Is the user's name in the key of the set?", "終わってよいのは、リクエストを送った名前のセッションだけです。セットのキーに、ユーザー名が入っていますか。"),
					lang.T("Each name has its own set, with a key made from the name.", "名前ごとに別のセットを使います。そのキーは名前から作ります。"),
					lang.Same(`"workshop:user-sessions:" + username`),
				},
				where: inCreate,
				run:   othersStay,
			},
			{
				id:   "index-ends",
				name: lang.T("the set of a name's sessions has a TTL", "名前ごとにセッションを集めたセットに、TTL が付いている"),
				hints: []lang.Text{
					lang.T("The sessions end automatically, but the set of them stays: a user who never comes back leaves a key in Redis for ever, as in step 2. Give it a TTL too.", "セッションは自動で終わりますが、セットは残ります。ユーザーが二度と来なければ、ステップ 2 と同じように、キーが Redis にいつまでも残ります。セットにも TTL を付けてください。"),
					lang.T("The set must live longer than the sessions in it, which every visit renews: a day is enough here. Set its TTL at each login, together with SAdd.", "セッションはアクセスのたびに延びるので、セットはそれより長く残さなければなりません。ここでは 1 日で十分です。ログインのたびに、SAdd と一緒に TTL を設定します。"),
					lang.Same("multi.Expire(ctx, userKey(username), 24*time.Hour)"),
				},
				where: inCreate,
				run:   indexEnds,
			},
		},
	},
	{
		step: 4, name: "devices", optional: true, mayBreak: "one-round-trip",
		rules: []rule{{
			id:   "sessions-shown",
			name: lang.T("the page says Sessions: …, the number of those alive", "生きているセッションの数が、ページに Sessions: … と表示される"),
			hints: []lang.Text{
				lang.T(`Two browsers of one name: both pages say "Sessions: 2". After one of them logs out, or its key expires in Redis, the other says "Sessions: 1". A set does not know which of its members have expired: ask for each.`, `同じ名前で 2 つのブラウザがログインしていれば、どちらのページにも "Sessions: 2" と表示します。片方がログアウトするか、そのキーが Redis で期限切れになると、もう片方は "Sessions: 1" になります。どのメンバーが期限切れになったかは、セットにはわかりません。1 つずつ調べてください。`),
				lang.T("SMembers gives the keys of the user's sessions, Exists counts how many of them are still there, and SRem removes from the set those that are gone.", "SMembers でユーザーのセッションのキーを読み、そのうちいくつが残っているかを Exists で数えます。消えたキーは、SRem でセットから取り除きます。"),
				lang.Same("keys := s.rdb.SMembers(ctx, userKey(name)).Val(); alive := s.rdb.Exists(ctx, keys...).Val() … <p>Sessions: {{.Sessions}}</p>"),
			},
			where: "session/store.go, func Create; main.go, func index",
			run:   devices,
		}},
	},
}

// lessonHolds expects every check of the lesson to pass, except those that wait
// and those with these ids. The exercise asks for its change at where.
func lessonHolds(where string, except ...string) rule {
	return rule{
		id:   "lesson-holds",
		name: lang.T("the rest of the lesson still works", "ステップのほかのチェックには、引き続き合格する"),
		hints: []lang.Text{
			lang.T("Your change broke something that worked before. The lines above say what was expected.", "いまの変更で、これまで動いていたところが壊れました。期待されていた結果は、上の行にあります。"),
			lang.T("Run the check without EX: it stops at what broke, and has hints for it.", "EX を付けずにチェックを実行してください。壊れたところで止まり、それに合ったヒントが出ます。"),
			lang.T("go back to the code that passed, and make the change in smaller steps", "合格したときのコードに戻し、少しずつ変更してください"),
		},
		where: where,
		run: func(s *scene) {
			for _, check := range Step(s.step) {
				if check.Group != Lesson || check.Waits || slices.Contains(except, check.ID) || s.failed() {
					continue
				}
				if failure := s.run(check); failure != nil {
					s.expect(false, lang.T("%s still to pass: %s", "%s に引き続き合格すること: %s", check.ID, failure.Expected), failure.Got)
				}
			}
		},
	}
}

// run runs another check inside this one.
func (s *scene) run(c Check) *Failure {
	failure, _ := errors.AsType[*Failure](c.Run(s.ctx, s.target))
	return failure
}

// attempts is how often a check that should fail is run: an update is lost only
// if two visits overlap.
const attempts = 5

func (e exercise) breakingRules() []rule {
	broken := rule{
		id:    e.breaks + "-fails",
		name:  lang.T("the check %s fails now", "チェック %s が失敗する", e.breaks),
		hints: e.hints,
		where: e.where,
		run: func(s *scene) {
			for _, check := range Step(s.step) {
				if check.ID != e.breaks {
					continue
				}
				for range attempts {
					if s.run(check) != nil {
						return
					}
				}
			}
			s.expect(false, lang.T("%s to fail", "%s が失敗すること", e.breaks), lang.T("it passes", "合格した"))
		},
	}
	return []rule{broken, lessonHolds(e.where, e.breaks, e.mayBreak)}
}

func oldCookieOldCount(s *scene) {
	b := s.visited(1)
	cookie := b.cookie()
	old := b.valueOf(cookie.Name)
	b.expectVisits(2)
	b.expectVisits(3)
	b.plant(cookie.Name, old)
	b.expectVisits(2)
}

// loginEnds visits with a copy of the cookie that has no age.
func loginEnds(s *scene) {
	const age = 5 * time.Second
	b := s.loggedIn()
	thief := b.copy()
	thief.expectLoggedIn(s.user)
	// The time in the signature is in whole seconds.
	for end := time.Now().Add(age + 3*time.Second); time.Now().Before(end) && !s.failed(); {
		if strings.Contains(thief.get("/").Text(), loggedOut) {
			return
		}
		select {
		case <-s.ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
	s.expect(false, lang.T("GET / with a copied cookie to say %s after %s", "ログインから %[2]s たったら、コピーした Cookie を付けた GET / が %[1]s と表示すること", quote(loggedOut), age.String()), lang.T("it still says %s", "まだ %s と表示される", quote(loggedIn+s.user)))
}

// field returns a field of the user's hash.
func (s *scene) field(name string) string {
	key := s.key()
	if s.failed() {
		return ""
	}
	return s.target.Redis.HGet(s.ctx, key, name).Val()
}

func lastVisitIsWritten(s *scene) {
	b := s.visited(1)
	s.expect(s.field("last_visit") != "", lang.T("a field last_visit in the hash", "ハッシュにフィールド last_visit があること"), lang.T("none, or an empty one", "ないか、空"))
	if s.failed() {
		return
	}
	s.expectReply(s.target.Redis.HSet(s.ctx, s.key(), "last_visit", "long ago"))
	b.expectVisits(2)
	s.expect(s.field("last_visit") != "long ago", lang.T("a visit to write last_visit again", "アクセスで last_visit が書き換わること"), lang.T("the value from before", "前の値のまま"))
}

func lastVisitIsShown(s *scene) {
	b := s.visited(1)
	if s.failed() {
		return
	}
	before := "before-" + s.user
	s.expectReply(s.target.Redis.HSet(s.ctx, s.key(), "last_visit", before))
	p := b.expectVisits(2)
	s.expect(strings.Contains(p.Text(), "Last visit: "+before), lang.T("GET / to say %s, which the hash held before", "GET / が、ハッシュに入っていた前の値を %s と表示すること", quote("Last visit: "+before)), p.said())
}

var numbered = map[string]*regexp.Regexp{
	"Your place": regexp.MustCompile(`Your place:\s*(\d+)`),
	"Time left":  regexp.MustCompile(`Time left:\s*(\d+)`),
	"Sessions":   regexp.MustCompile(`Sessions:\s*(\d+)`),
}

// number visits / and returns the number after label.
func (b *browser) number(label string) int {
	p := b.get("/")
	found := numbered[label].FindStringSubmatch(p.Text())
	b.scene.expect(found != nil, lang.T(`GET / to say "%s: " and a number`, `GET / が "%s: " に続けて数を表示すること`, label), p.said())
	if found == nil {
		return 0
	}
	n, _ := strconv.Atoi(found[1])
	return n
}

func places(s *scene) {
	few, many := s.browser(), s.browser()
	few.login(s.user + "-few")
	many.login(s.user + "-many")
	for range 2 {
		few.get("/")
	}
	for range 5 {
		many.get("/")
	}
	behind, ahead := few.number("Your place"), many.number("Your place")
	s.expect(0 < ahead && ahead < behind, lang.T("the name with 6 visits to come before the name with 3", "6 回アクセスした名前が、3 回の名前より上に来ること"), lang.T("place %d, and place %d", "%d 位と %d 位", ahead, behind))
	for range 8 {
		few.get("/")
	}
	behind, ahead = many.number("Your place"), few.number("Your place")
	s.expect(0 < ahead && ahead < behind, lang.T("the name with 12 visits to come before the name with 7", "12 回アクセスした名前が、7 回の名前より上に来ること"), lang.T("place %d, and place %d", "%d 位と %d 位", ahead, behind))
}

func ttlPerUser(s *scene) {
	s.visited(1)
	s.expectTTL(s.key())
	if s.failed() {
		return
	}
	vip := s.browser()
	vip.login("vip-" + s.user)
	vip.expectVisits(1)
	keys, err := s.scan(s.ctx, "*vip-"+s.user+"*", "hash")
	s.expect(err == nil && len(keys) == 1, lang.T("in Redis a hash with vip-%s in its key", "キーに vip-%s が入ったハッシュが Redis にあること", s.user), lang.T("%d of them", "%d 個", len(keys)))
	if s.failed() {
		return
	}
	left, most := s.ttl(keys[0]), 3*s.target.TTL
	s.expect(left > s.target.TTL && left <= most, lang.T("a TTL on %s above %s, and at most %s", "%s の TTL が %s より長く、%s 以下であること", keys[0], s.target.TTL, most), ttlText(keys[0], left))
}

func timeLeft(s *scene) {
	b := s.visited(1)
	short := s.shorten(s.key())
	left := time.Duration(b.number("Time left")) * time.Millisecond
	s.expect(0 < left && left <= short, lang.T(`"Time left: " with 1 to %d ms, since the check shortened the TTL to that`, `"Time left: " に続く数が 1 から %d ms までであること（チェックが TTL をその長さに縮めたため）`, short.Milliseconds()),
		lang.Same(fmt.Sprintf("%d ms", left.Milliseconds())))
}

func (b *browser) logOutEverywhere() {
	p := b.post("/logout-everywhere", url.Values{})
	b.scene.expect(p.redirects(), lang.T("%s to redirect (303 or 302)", "%s の応答がリダイレクト（303 か 302）であること", p.Request), p.said())
}

func logOutEverywhere(s *scene) {
	one, two := s.loggedIn(), s.loggedIn()
	one.expectVisits(1)
	two.expectVisits(1)
	one.logOutEverywhere()
	one.expectLoggedOut()
	two.expectLoggedOut()
	left, err := s.sessions(s.ctx, func(value string) bool { return value == s.user })
	s.expect(err == nil && len(left) == 0, lang.T("no session of %s in Redis", "Redis に %s のセッションがないこと", s.user), lang.Same(strings.Join(left, ", ")))
}

func othersStay(s *scene) {
	one, other := s.loggedIn(), s.browser()
	other.login(s.user + "-other")
	one.logOutEverywhere()
	one.expectLoggedOut()
	other.expectLoggedIn(s.user + "-other")
}

// indexEnds finds the set of a name's sessions by the name in its key.
func indexEnds(s *scene) {
	s.loggedIn().expectVisits(1)
	keys, err := s.scan(s.ctx, "*"+s.user+"*", "")
	s.expect(err == nil, lang.T("an answer from Redis to SCAN", "Redis が SCAN に応答すること"), lang.Same(fmt.Sprint(err)))
	for _, key := range keys {
		s.expect(s.ttl(key) > 0, lang.T("a TTL of the key %s", "キー %s に TTL があること", quote(key)), lang.T("none: it lives for ever", "なし。いつまでも残る"))
	}
}

func devices(s *scene) {
	expect := func(b *browser, want int) {
		got := b.number("Sessions")
		s.expect(got == want, lang.T(`"Sessions: %d"`, `"Sessions: %d" と表示すること`, want), lang.Same(fmt.Sprintf(`"Sessions: %d"`, got)))
	}
	one, two, three := s.browser(), s.browser(), s.browser()
	one.login(s.user)
	first := s.key()
	expect(one, 1)
	two.login(s.user)
	three.login(s.user)
	expect(two, 3)
	two.logout()
	expect(three, 2)
	s.expire(first)
	expect(three, 1)
	s.expect(one.get("/").Status == http.StatusOK, lang.T("a page for the browser whose session has expired", "セッションが期限切れになったブラウザにも、ページを返すこと"), lang.T("none", "なし"))
}
