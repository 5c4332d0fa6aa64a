package learn

import "example.com/session-workshop/check/steps"

// lessons are printed when a step passes: why it matters, and what is still wrong.
// The guides explain both in full.
var lessons = [steps.Count]struct{ why, wrong string }{
	{
		"the browser carries the login, and the signature shows every change. The server keeps nothing.",
		"the server cannot revoke a login. A copied cookie logs in until the key changes, and a count has no good place yet.",
	},
	{
		"the count is in one place that all servers share, and HINCRBY counts every visit, even if many come at once.",
		"the keys live for ever. Each name that was ever typed takes memory in Redis.",
	},
	{
		"Redis cleans up automatically. Count and TTL go in one round trip, so no key is left without a TTL.",
		"the key is the user name. Two browsers share one count, and after a logout a copied cookie still logs in.",
	},
	{
		"the cookie is a random token, and the session is in Redis. So a logout makes every copy of the cookie worthless.",
		"a session has no absolute end, and a user cannot log out everywhere at once.",
	},
}
