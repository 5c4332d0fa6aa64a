package contract

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"example.com/session-workshop/shared/lang"
)

// serverSessions are the rules about the session of step 4: a token in the
// cookie, and the data in Redis that belongs to it.
var serverSessions = []rule{
	{
		id:    "name-not-in-cookie",
		name:  lang.T("the cookie does not contain your name", "Cookie に名前が入っていない"),
		steps: onlyFour,
		hints: []lang.Text{
			lang.T("In this step the cookie holds a random token and nothing else. The name stays on the server, in Redis.", "このステップの Cookie に入れるのは、乱数のトークンだけです。名前は、サーバー側の Redis に置きます。"),
			lang.T("Only Cookie.Set sets a cookie now, with the token from Create. Remove the store of gorilla/sessions.", "このステップで Cookie を設定するのは Cookie.Set だけで、渡すのは Create が返したトークンです。gorilla/sessions のストアは取り除いてください。"),
			lang.Same("token, err := a.store.Create(ctx, name) … a.cookie.Set(c.Response(), token)"),
		},
		where: inLogin,
		run: func(s *scene) {
			b := s.browser()
			for _, cookie := range b.login(s.user).Cookies {
				s.expect(!reveals(cookie.Value, s.user, 3),
					lang.T("a cookie in which %s cannot be read, even after base64 decoding", "base64 デコードしても、Cookie から %s を読み取れないこと", s.user),
					lang.Same(fmt.Sprintf("%s=%s", cookie.Name, quote(cookie.Value))))
			}
		},
	},
	{
		id:    "token-not-in-redis",
		name:  lang.T("Redis does not hold the cookie's value", "Cookie の値が Redis に入っていない"),
		steps: onlyFour,
		hints: []lang.Text{
			lang.T("Anyone who can read the keys in Redis could log in as any user. Use a hash of the token in the key: SHA-256 is enough, because the token is random.", "これでは、Redis のキーを読める人なら、誰にでもなりすましてログインできてしまいます。キーには、トークンのハッシュ値を使ってください。トークンは乱数なので、SHA-256 で十分です。"),
			lang.T("Key puts sha256.Sum256 of the token into the key, in hexadecimal digits (hex.EncodeToString). No field of the hash holds the token.", "Key では、トークンの sha256.Sum256 を 16 進数の文字列にして（hex.EncodeToString）、キーに入れます。ハッシュのフィールドにも、トークンは入れません。"),
			lang.Same("sum := sha256.Sum256([]byte(t)); return keyPrefix + hex.EncodeToString(sum[:])"),
		},
		where: inKey,
		run:   tokenNotStored,
	},
	{
		id:    "new-token",
		name:  lang.T("every login gets a new cookie value", "ログインのたびに Cookie の値が新しくなる"),
		steps: onlyFour,
		hints: []lang.Text{
			lang.T("Make a new random token in every login. Is it made from the user name, or made once and used again?", "ログインのたびに、乱数で新しいトークンを作ります。ユーザー名から作っていませんか。一度作ったものを使い回していませんか。"),
			lang.T("Create calls newToken() at each login. login uses the token that the browser sent only to delete that session.", "Create では、ログインのたびに newToken() を呼びます。login がブラウザから受け取ったトークンを使うのは、そのセッションを削除するときだけです。"),
			lang.T("t := newToken(), as the first line of Create", "Create の最初の行に t := newToken()"),
		},
		where: inCreate,
		run: func(s *scene) {
			one, two := s.loggedIn(), s.browser()
			first := one.cookie().Value
			one.login(s.user)
			two.login(s.user)
			for _, value := range []string{one.cookie().Value, two.cookie().Value} {
				s.expect(value != first, lang.T("a new cookie value for a new login", "ログインし直すと、Cookie の値が新しくなること"), lang.T("the value of an earlier login once more", "前のログインと同じ値"))
			}
		},
	},
	{
		id:    "token-random",
		name:  lang.T("the cookie value of a login is random", "ログインで渡す Cookie の値が乱数である"),
		steps: onlyFour,
		hints: []lang.Text{
			lang.T("The value is the key to a session, so it must be random, and long: an attacker can guess a number that counts up, or the time. OWASP asks for at least 64 random bits, which are 16 hexadecimal digits.", "この値はセッションの鍵なので、十分に長い乱数でなければなりません。連番や時刻では、攻撃者に推測されます。OWASP は 64 ビット以上の乱数を求めています。16 進数なら 16 桁です。"),
			lang.T("Values of crypto/rand cannot be guessed, those of math/rand can. 32 random bytes are more than enough.", "crypto/rand の値は推測できませんが、math/rand の値は推測できます。乱数が 32 バイトあれば十分です。"),
			lang.Same("var random [32]byte; rand.Read(random[:]); return Token(encoding.EncodeToString(random[:]))"),
		},
		where: "session/token.go, func newToken",
		run:   tokenIsRandom,
	},
	{
		id:    "fixation",
		name:  lang.T("login never reuses the cookie value that the browser sent", "ブラウザが送ってきた Cookie の値を、ログインで使い回さない"),
		steps: onlyFour,
		hints: []lang.Text{
			lang.T("An attacker who plants a cookie in your browser and waits for your login would be logged in with you. This is called session fixation. Login must never use the token that the browser sent: it makes a new one.", "攻撃者がブラウザに Cookie を仕込んでおき、利用者がログインするのを待つと、攻撃者も一緒にログインした状態になります。これをセッション固定攻撃（session fixation）と呼びます。ログインでは、ブラウザが送ってきたトークンを決して使わず、新しく作ります。"),
			lang.T("login calls Create, which calls newToken(). Cookie.Token is for Visit and Delete only.", "login では Create を呼び、Create の中で newToken() を呼びます。Cookie.Token で受け取ったトークンは、Visit と Delete にしか使いません。"),
			lang.Same("token, err := a.store.Create(c.Request().Context(), name); a.cookie.Set(c.Response(), token)"),
		},
		where: inLogin,
		run:   fixation,
	},
	{
		id:    "made-up-cookie",
		name:  lang.T("a made-up cookie is not logged in and makes no key", "でたらめな Cookie では、ログインにならず、キーもできない"),
		steps: onlyFour,
		hints: []lang.Text{
			lang.T("HINCRBY and HSET make a key that is not there. First check that the session exists, and do both in one script or transaction.", "HINCRBY と HSET は、キーがなければ作ってしまいます。先に、セッションがあることを確かめます。確認と書き込みは、1 つのスクリプトかトランザクションにまとめてください。"),
			lang.T("A script asks EXISTS first and returns false if there is no key. In Go that is redis.Nil, and Visit returns ErrNone for it. redis.NewScript(…).Run runs it as one command.", "スクリプトでは、最初に EXISTS で調べ、キーがなければ false を返します。Go ではこれが redis.Nil になり、そのとき Visit は ErrNone を返します。redis.NewScript(…).Run なら、スクリプトを 1 つのコマンドとして実行できます。"),
			lang.T("if redis.call('EXISTS', KEYS[1]) == 0 then return false end; then HINCRBY, PEXPIRE, and return {HGET username, visits}", "if redis.call('EXISTS', KEYS[1]) == 0 then return false end。続けて HINCRBY、PEXPIRE、最後に return {HGET username, visits}"),
		},
		where: inVisit,
		run:   madeUp,
	},
	{
		id:    "view-sets-no-cookie",
		name:  lang.T("a page view sets no cookie", "ページを表示するだけでは、Cookie を設定しない"),
		steps: onlyFour,
		hints: []lang.Text{
			lang.T("Only login and logout may set or delete the session's cookie. Otherwise the late answer to an old page could overwrite a new login.", "セッションの Cookie を設定したり消したりしてよいのは、ログインとログアウトだけです。ほかの場所でも行うと、遅れて届いた古いページのレスポンスが、新しいログインを上書きすることがあります。"),
			lang.T("Call Cookie.Set only in login, and Cookie.Delete only in logout: neither in index nor in a middleware.", "Cookie.Set は login だけで、Cookie.Delete は logout だけで呼びます。index やミドルウェアでは呼びません。"),
			lang.T("in index only: s, err := a.store.Visit(ctx, a.cookie.Token(c.Request()))", "index では s, err := a.store.Visit(ctx, a.cookie.Token(c.Request())) だけ"),
		},
		where: inIndex,
		run: func(s *scene) {
			b := s.loggedIn()
			for range 2 {
				s.expectCookieLeftAlone(b.expectLoggedIn(s.user), b.cookie().Name)
			}
		},
	},
	{
		id:    "logout-deletes-session",
		name:  lang.T("logout deletes the session in Redis", "ログアウトすると、Redis のセッションが消える"),
		steps: onlyFour,
		hints: []lang.Text{
			lang.T("Deleting the cookie is not enough: logout must also delete the key of the session (DEL), and do that first.", "Cookie を消すだけでは足りません。ログアウトでは、Cookie より先にセッションのキーを削除（DEL）してください。"),
			lang.T("Delete sends DEL for the key of the token. logout calls it first, and Cookie.Delete after it.", "Delete では、トークンのキーに DEL を送ります。logout では、まず Delete を、次に Cookie.Delete を呼びます。"),
			lang.T("return s.rdb.Del(ctx, s.Key(t)).Err() / in logout: a.store.Delete(ctx, a.cookie.Token(c.Request()))", "return s.rdb.Del(ctx, s.Key(t)).Err() / logout の中で: a.store.Delete(ctx, a.cookie.Token(c.Request()))"),
		},
		where: "session/store.go, func Delete; main.go, func logout",
		run: func(s *scene) {
			b := s.visited(1)
			key := s.key()
			b.logout()
			s.expect(!s.exists(key), lang.T("no key %s after logout", "ログアウトのあとに、キー %s がないこと", key), lang.T("the key is still there", "キーが残っている"))
		},
	},
	{
		id:    "copied-cookie",
		name:  lang.T("after logout a copied cookie is dead", "ログアウトすると、コピーした Cookie も使えなくなる"),
		steps: onlyFour,
		hints: []lang.Text{
			lang.T("The check copied the cookie before logout. As long as the session is in Redis, the copy logs in: logout must delete the session's key, and a visit must not make it again.", "チェックは、ログアウトの前に Cookie をコピーしました。セッションが Redis に残っている限り、そのコピーでログインできます。ログアウトではセッションのキーを削除し、そのあとのアクセスでキーを作り直さないようにしてください。"),
			lang.T("Delete removes the key. Visit asks EXISTS before it writes, in the same script, so that a late visit cannot make the key again.", "Delete では、キーを削除します。Visit では、書き込む前に、同じスクリプトの中で EXISTS を調べます。こうすると、遅れて届いたアクセスがキーを作り直すことはありません。"),
			lang.T("if redis.call('EXISTS', KEYS[1]) == 0 then return false end, as the first line of the script", "スクリプトの最初の行に if redis.call('EXISTS', KEYS[1]) == 0 then return false end"),
		},
		where: "session/store.go, func Delete, func Visit",
		run: func(s *scene) {
			b := s.visited(1)
			key, thief := s.key(), b.copy()
			b.logout()
			thief.expectLoggedOut()
			s.expect(!s.exists(key), lang.T("no visit to bring back %s after logout", "ログアウトのあとのアクセスで、%s が生き返らないこと", key), lang.T("the key is there again", "キーが作り直されている"))
		},
	},
	{
		id:    "logout-one-browser",
		name:  lang.T("logout in one browser leaves the other one logged in", "片方のブラウザでログアウトしても、もう片方はログインしたまま"),
		steps: onlyFour,
		hints: []lang.Text{
			lang.T("Logout ends the session of this browser only. Does it delete a key that both browsers share?", "ログアウトで終わるのは、そのブラウザのセッションだけです。両方のブラウザが共有しているキーを、削除していませんか。"),
			lang.T("Delete removes s.Key(t) of this one token. It does not search by the user's name.", "Delete では、そのトークンの s.Key(t) だけを削除します。ユーザー名で探してはいけません。"),
			lang.Same("return s.rdb.Del(ctx, s.Key(t)).Err()"),
		},
		where: inDelete,
		run: func(s *scene) {
			one, two := s.loggedIn(), s.loggedIn()
			one.logout()
			two.expectLoggedIn(s.user)
		},
	},
}

var base64Run = regexp.MustCompile(`[A-Za-z0-9+/_-]{8,}`)

// reveals reports whether a value contains a name, as it is or after base64 or
// URL decoding of its parts, at most depth times.
func reveals(value, name string, depth int) bool {
	if strings.Contains(value, name) {
		return true
	}
	if depth == 0 {
		return false
	}
	if plain, err := url.QueryUnescape(value); err == nil && plain != value && reveals(plain, name, depth-1) {
		return true
	}
	for _, run := range base64Run.FindAllString(value, -1) {
		run = strings.NewReplacer("-", "+", "_", "/").Replace(run)
		// The last characters of a run may not be a whole group of base64.
		plain, _ := base64.RawStdEncoding.DecodeString(run[:len(run)/4*4])
		if tail, err := base64.RawStdEncoding.DecodeString(run); err == nil {
			plain = tail
		}
		if len(plain) > 0 && reveals(string(plain), name, depth-1) {
			return true
		}
	}
	return false
}

func tokenNotStored(s *scene) {
	b := s.visited(1)
	key, value := s.key(), b.cookie().Value
	if s.failed() {
		return
	}
	plain, err := url.QueryUnescape(value)
	if err != nil {
		plain = value
	}
	fields := s.target.Redis.HGetAll(s.ctx, key)
	s.expectReply(fields)
	stored := fmt.Sprint(key, " ", fields.Val())
	s.expect(!strings.Contains(stored, value) && !strings.Contains(stored, plain),
		lang.T("neither the key nor the fields of the session to contain the cookie's value", "セッションのキーにもフィールドにも、Cookie の値が入っていないこと"), lang.Same(quote(stored)))
}

func fixation(s *scene) {
	scout, victim, attacker := s.browser(), s.browser(), s.browser()
	scout.login(s.user + "-scout")
	name, value := scout.cookie().Name, s.madeUpToken()
	victim.plant(name, value)
	attacker.plant(name, value)
	victim.login(s.user)
	s.expect(victim.valueOf(name) != value, lang.T("login to replace the cookie value that was planted before", "先に仕込まれていた Cookie の値が、ログインで置き換わること"), lang.T("%s=%s is still there", "%s=%s が残っている", name, quote(value)))
	attacker.expectLoggedOut()
}

// madeUpToken returns a value of the length of 256 random bits in base64. It
// contains the user name, by which a key made from it can be found.
func (s *scene) madeUpToken() string {
	return s.user + strings.Repeat("A", 43-len(s.user))
}

func madeUp(s *scene) {
	scout, b := s.browser(), s.browser()
	scout.login(s.user + "-scout")
	value := s.madeUpToken()
	sum := sha256.Sum256([]byte(value))
	b.plant(scout.cookie().Name, value)
	b.expectLoggedOut()
	// A store may use only half of the digest, as sessionstore does.
	for _, part := range []string{value, hex.EncodeToString(sum[:16])} {
		if s.failed() {
			return
		}
		keys, err := s.scan(s.ctx, "*"+part+"*", "")
		s.planted = append(s.planted, keys...)
		s.expect(err == nil, lang.T("an answer from Redis to SCAN", "Redis が SCAN に応答すること"), lang.Same(fmt.Sprint(err)))
		s.expect(len(keys) == 0, lang.T("no key in Redis for a made-up cookie", "でたらめな Cookie のキーが Redis にないこと"), lang.Same(strings.Join(keys, ", ")))
	}
}

func (s *scene) expectCookieLeftAlone(p page, name string) {
	for _, cookie := range p.Cookies {
		s.expect(cookie.Name != name, lang.T("%s to leave the cookie %s alone", "%s が Cookie %s を変更しないこと", p.Request, name), lang.Same(fmt.Sprintf("Set-Cookie: %s", flags(cookie))))
	}
}

// tokenIsRandom compares the cookie values of some logins. Random values have no
// long beginning in common, except one that a library puts before each value
// (https://cheatsheetseries.owasp.org/cheatsheets/Session_Management_Cheat_Sheet.html#session-id-entropy).
func tokenIsRandom(s *scene) {
	const least = 16
	before := s.loggedIn().cookie().Value
	for range 3 {
		value := s.loggedIn().cookie().Value
		s.expect(len(value) >= least, lang.T("a cookie value of %d characters or more", "Cookie の値が %d 文字以上であること", least), lang.T("%d characters", "%d 文字", len(value)))
		same := 0
		for same < min(len(before), len(value)) && before[same] == value[same] {
			same++
		}
		s.expect(same <= len(value)/3, lang.T("the cookie values of two logins to differ from their beginning on", "2 回のログインで、Cookie の値が先頭から異なること"),
			lang.T("the first %d of %d characters are the same", "%[2]d 文字のうち、先頭の %[1]d 文字が同じ", same, len(value)))
		before = value
	}
}
