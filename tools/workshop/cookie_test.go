package main

import (
	"testing"

	"example.com/session-workshop/tools/internal/repotest"
)

func TestCookieShowsWhatAnyoneCanRead(t *testing.T) {
	app := startStep3(t)
	repotest.WantText(t, do(t, ".", 0, nil, "cookie", app.URL),
		"workshop_login is a signed cookie:\n", "when it was made\n", "username string aaa ", "what it says\n", " … ", "the signature\n")
}

func TestCookieSaysHowAnAddressLooks(t *testing.T) {
	for _, address := range []string{"abc", "127.0.0.1:5000", "ftp://127.0.0.1", "http://"} {
		repotest.WantText(t, do(t, ".", 1, nil, "cookie", address), "cookie: the address must be like http://127.0.0.1:5000\n")
	}
}
