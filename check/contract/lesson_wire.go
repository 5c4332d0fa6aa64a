package contract

import (
	"fmt"
	"math"
	"net/http"

	"example.com/session-workshop/shared/lang"
)

// onTheWire are the rules about what an app sends to Redis. They need a wire
// between the app and Redis.
var onTheWire = []rule{
	{
		id:    "no-login-no-question",
		name:  lang.T("a page without a login sends nothing to Redis", "ログインしていないページでは Redis に何も送らない"),
		steps: counting,
		wire:  true,
		hints: []lang.Text{
			lang.T("Redis got a command, but the browser was not logged in. A visitor without a login has no count: a key for such visitors belongs to no user, and every robot adds to it.", "ブラウザはログインしていないのに、Redis にコマンドが届きました。ログインしていない訪問者には、訪問回数がありません。そうした訪問者のためにキーを作っても、どのユーザーのものでもなく、ボットが来るたびに数が増えていくだけです。"),
			lang.T(`First check whether there is a login, and answer "You are not logged in" before the first command.`, `まずログインしているかを確かめます。していなければ、最初のコマンドを送る前に "You are not logged in" と応答します。`),
			lang.Same(`key := userKey(c); if key == "" { return c.Render(http.StatusOK, "index", page{}) }`),
		},
		where: inIndex,
		inFour: place{
			where: inVisit,
			hints: []lang.Text{
				lang.T("Without a token there is no session: Visit returns ErrNone at once, and sends nothing to Redis.", "トークンがなければ、セッションもありません。Visit は Redis に何も送らず、すぐに ErrNone を返します。"),
				lang.Same(`if token == "" { return Session{}, ErrNone }`),
			},
		},
		run: func(s *scene) {
			b := s.browser()
			b.expectLoggedOut()
			for _, path := range []string{"/", "/login"} {
				asked := s.roundTrips(func() { b.get(path) })
				s.expect(asked == 0, lang.T("GET %s without a login to send nothing to Redis", "ログインしていないときの GET %s が Redis に何も送らないこと", path), lang.T("round trips: %d", "ラウンドトリップは %d 回", asked))
			}
		},
	},
	{
		id:    "logout-during-visit",
		name:  lang.T("a logout during a visit leaves no session", "アクセスの処理中にログアウトしても、セッションが残らない"),
		steps: onlyFour,
		wire:  true,
		hints: []lang.Text{
			lang.T("The visit checked that the session is there, and counted later. A logout came between the two, and the count made the key again. The check and the count must be one step for Redis.", "セッションがあるかを確かめてから数えるまでの間に、ログアウトが割り込みました。そのあとで数えたので、消えたはずのキーがまた作られました。確かめることと数えることを、Redis から見て 1 つの処理にしなければなりません。"),
			lang.T("Redis runs a script as one command, and nothing comes between its lines: check, count and set the TTL in one script. MULTI is not enough, because it cannot decide by what it has read.", "Redis はスクリプトを 1 つのコマンドとして実行するので、行と行の間には何も割り込めません。確かめる、数える、TTL を付けるという 3 つを、1 つのスクリプトにまとめてください。MULTI では足りません。読んだ値を見て次の処理を決めることができないからです。"),
			lang.Same("if redis.call('EXISTS', KEYS[1]) == 0 then return false end; local visits = redis.call('HINCRBY', KEYS[1], 'visits', 1); redis.call('PEXPIRE', KEYS[1], ARGV[1])"),
		},
		where: inVisit,
		run:   logoutDuringVisit,
	},
	oneRoundTrip,
}

// oneRoundTrip expects a visit to take one round trip.
var oneRoundTrip = rule{
	id:    "one-round-trip",
	name:  lang.T("a visit is one round trip to Redis", "1 回のアクセスが、Redis との 1 回のラウンドトリップで済む"),
	steps: counting,
	wire:  true,
	hints: []lang.Text{
		lang.T("Each command that is sent alone waits for its answer. Send all commands of a visit together: otherwise another visit can come between two of them, or the app can end there.", "コマンドを別々に送ると、そのたびに応答を待つことになります。1 回のアクセスで使うコマンドは、すべてまとめて送ってください。そうしないと、コマンドの間に別のアクセスが割り込んだり、そこでアプリが終了したりすることがあります。"),
		lang.T("a.rdb.TxPipelined sends all commands of its function at once. The answers are there after it has returned.", "a.rdb.TxPipelined は、渡した関数の中で呼ばれたコマンドを、すべてまとめて送ります。応答を読めるのは、TxPipelined が終わってからです。"),
		lang.Same("_, err := a.rdb.TxPipelined(ctx, func(multi redis.Pipeliner) error { …; return nil })"),
	},
	where: inIndex,
	inFour: place{
		where: inVisit,
		hints: []lang.Text{
			lang.T("The script checks, counts, sets the TTL and reads the name. Visit sends it once, and nothing else.", "確かめる、数える、TTL を付ける、名前を読むという処理は、どれもスクリプトの中で行います。Visit は、このスクリプトを 1 回送るだけにします。"),
			lang.Same("visit.Run(ctx, s.rdb, []string{s.Key(token)}, s.ttl.Milliseconds())"),
		},
	},
	run: func(s *scene) {
		b := s.loggedIn()
		asked := s.roundTrips(func() { b.get("/") })
		s.expect(asked == 1, lang.T("1 round trip to Redis for GET /", "GET / での Redis とのラウンドトリップが 1 回であること"), lang.T("%d", "%d 回", asked))
	},
}

// roundTrips returns how many round trips do takes. A new connection costs some
// too, so the lowest number of five tries counts.
func (s *scene) roundTrips(do func()) int64 {
	least := int64(math.MaxInt64)
	for range 5 {
		if s.failed() {
			return 0
		}
		least = min(least, s.target.Wire.During(do))
	}
	return least
}

// logoutDuringVisit holds the second command of a visit until another browser
// with the same cookie has logged out. A visit that sends only one command ends
// before the logout.
func logoutDuringVisit(s *scene) {
	b := s.visited(1)
	key := s.key()
	other := b.copy()
	if s.failed() {
		return
	}
	second := s.target.Wire.Hold(2)
	defer second.Release()
	answered := make(chan error, 1)
	go func() {
		_, err := b.Do(s.ctx, http.MethodGet, "/", nil, nil)
		answered <- err
	}()
	select {
	case err := <-answered:
		s.expect(err == nil, lang.T("an answer to GET /", "GET / に応答があること"), lang.Same(fmt.Sprint(err)))
		second.Release()
		other.logout()
	case <-second.Arrived():
		other.logout()
		second.Release()
		// What the app answers now does not matter: it may see an error.
		<-answered
	}
	s.expect(!s.exists(key), lang.T("no key %s after a logout during a visit", "アクセスの処理中にログアウトしたあと、キー %s がないこと", key), lang.T("the key is back", "キーが復活している"))
}
