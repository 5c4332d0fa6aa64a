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
