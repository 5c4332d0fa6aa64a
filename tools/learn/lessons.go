package learn

import (
	"example.com/session-workshop/check/steps"
	"example.com/session-workshop/shared/lang"
)

// lessons are printed when a step passes: why it matters, and what is still wrong.
// The guides explain both in full.
var lessons = [steps.Count]struct{ why, wrong lang.Text }{
	{
		lang.T("the browser carries the login, and the signature shows every change. The server keeps nothing.",
			"ログインの情報はブラウザが持ち、改ざんは署名で見つかります。サーバーは何も覚えません。"),
		lang.T("the server cannot revoke a login. A copied cookie logs in until the key changes, and a count has no good place yet.",
			"サーバーからログインを取り消せません。コピーされた Cookie は、署名の鍵を変えるまで使えます。訪問回数の適切な保存先も、まだありません。"),
	},
	{
		lang.T("the count is in one place that all servers share, and HINCRBY counts every visit, even if many come at once.",
			"訪問回数は、すべてのサーバーが共有する 1 か所にあります。HINCRBY は、同時に多くのアクセスが来ても、1 つも数え落としません。"),
		lang.T("the keys live for ever. Each name that was ever typed takes memory in Redis.",
			"キーがいつまでも残ります。一度でも入力された名前は、Redis のメモリを使い続けます。"),
	},
	{
		lang.T("Redis cleans up automatically. Count and TTL go in one round trip, so no key is left without a TTL.",
			"古くなったデータは Redis が自動で削除します。回数と TTL を 1 回のラウンドトリップで送るので、TTL のないキーは残りません。"),
		lang.T("the key is the user name. Two browsers share one count, and after a logout a copied cookie still logs in.",
			"キーがユーザー名のままです。2 つのブラウザが同じ回数を共有し、ログアウトのあとも、コピーされた Cookie でログインできます。"),
	},
	{
		lang.T("the cookie is a random token, and the session is in Redis. So a logout makes every copy of the cookie worthless.",
			"Cookie はランダムなトークンで、セッションは Redis にあります。そのため、ログアウトすると、Cookie のコピーはすべて使えなくなります。"),
		lang.T("a session has no absolute end, and a user cannot log out everywhere at once.",
			"セッションに絶対タイムアウトがなく、すべての端末から一度にログアウトすることもできません。"),
	},
}
