package learn

import "example.com/session-workshop/check/steps"

// lessons are what a learner hears who has passed a step: why it matters, and
// what is still wrong, which the guide tells in full.
var lessons = [steps.Count]struct{ why, wrong string }{
	{
		"the browser carries the login, and the signature shows every change. The server keeps nothing.",
		"the server can take nothing back. A copied cookie logs in until the key changes, and a count has no good place yet.",
	},
	{
		"the count is in one place that all servers share, and of many visits at once HINCRBY loses none.",
		"the keys live for ever. Each name that was ever typed keeps its place in the memory of Redis.",
	},
	{
		"Redis cleans up automatically. Count and TTL go in one round trip, so no key is left without an end.",
		"the key is the user name. Two browsers share one count, and after a logout a copied cookie still logs in.",
	},
	{
		"the cookie is a random token, and the session is in Redis. So a logout is one: it makes every copy of the cookie worthless.",
		"a session has no absolute end, and there is no logout everywhere.",
	},
}
