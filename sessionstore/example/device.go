package main

import (
	"regexp"
	"strings"
)

// name is what users call a browser or a system with this token in its User-Agent.
type name struct{ token, name string }

// Most browsers also send the tokens of others, so the order matters
// (https://developer.mozilla.org/en-US/docs/Web/HTTP/Guides/Browser_detection_using_the_user_agent).
var browsers = []name{
	{"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"},
	{"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"}, {"CriOS/", "Chrome"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"},
}

var systems = []name{
	{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"},
	{"CrOS", "ChromeOS"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"},
}

// program is the first word of a User-Agent, without its version. Almost all browsers
// begin with Mozilla, so that word says nothing.
var program = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._-]{0,31}`)

// deviceName is how users recognise a device, for example "Firefox on Windows". It
// is empty for a User-Agent that names neither a browser nor a program.
func deviceName(userAgent string) string {
	browser, system := find(browsers, userAgent), find(systems, userAgent)
	switch {
	case browser != "" && system != "":
		return browser + " on " + system
	case browser != "" || system != "":
		return browser + system
	}
	return strings.TrimPrefix(program.FindString(userAgent), "Mozilla")
}

func find(names []name, userAgent string) string {
	for _, n := range names {
		if strings.Contains(userAgent, n.token) {
			return n.name
		}
	}
	return ""
}
