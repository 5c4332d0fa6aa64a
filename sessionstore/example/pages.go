package main

import (
	"embed"
	"time"

	"example.com/session-workshop/sessionstore"
	"example.com/session-workshop/shared/config"
)

//go:embed assets
var assets embed.FS

var pages = map[string]string{
	"index": `
{{template "notice" .}}
{{if .Username}}
{{template "warning" .}}
<h1>Logged in as {{.Username}}.</h1>
<p>Visits: {{.Visits}}</p>
<p><a href="/devices">Your devices</a></p>
<form method="post" action="/logout"><button>Logout</button></form>
{{else}}
<h1>You are not logged in</h1>
{{if .Ended}}<p>Your session has ended: it was idle for {{.Ended}} ({{.EndedKept}} with “Keep me logged in”), reached its end, or was logged out</p>{{end}}
<p><a href="/login">Login</a></p>
{{end}}` + parts,

	"login": `
{{template "notice" .}}
<h1>Login</h1>
<form method="post">
<label for="username">Your name</label>
<p><input id="username" name="username" autocomplete="username" autofocus
  {{if .Problem}}aria-invalid="true" aria-describedby="problem"{{end}}></p>
{{with .Problem}}<p id="problem" class="wrong" role="alert">{{.}}</p>{{end}}
<p class="check"><input type="checkbox" id="keep" name="keep" {{if .Keep}}checked{{end}}>
<label for="keep">Keep me logged in</label></p>
<button>Login</button>
</form>` + parts,

	"devices": `
{{define "title"}}Your devices – {{end}}
{{template "notice" .}}
{{template "warning" .}}
<h1>Your devices</h1>
<p>{{.Username}} is logged in on:</p>
<ul class="devices">
{{range $i, $d := .Devices}}
<li>
<p id="device{{$i}}"><b>{{or .Fields.device "An unknown device"}}</b>{{if .Current}} <strong>(this one)</strong>{{end}}</p>
<p class="quiet">Login: {{$.Since .Created}} ago.
{{- if not .LastSeen.IsZero}} Last seen: {{$.Since .LastSeen}} ago.{{end}} Ends at the latest in {{$.Until .End}}.</p>
{{if .Current -}}
<form method="post" action="/logout"><button aria-describedby="device{{$i}}">Logout</button></form>
{{- else -}}
<form method="post" action="/device/logout"><input type="hidden" name="handle" value="{{.Handle}}">
<button aria-describedby="device{{$i}}">Log out this device</button></form>
{{- end}}
</li>
{{end}}
</ul>
{{if gt (len .Devices) 1}}
<form method="post" action="/others/logout"><button>Log out all others</button></form>
{{end}}
<form method="post" action="/all/logout"><button>Log out all, also this one</button></form>
<p><a href="/">Back to the start</a></p>` + parts,
}

// parts are templates that several pages use. The script shows the warning, so without
// JavaScript there is none.
const parts = `
{{define "notice"}}
<link rel="stylesheet" href="/assets/example/example.css">
{{with .Notice}}<p class="notice" role="status">{{.}}</p>{{end}}
{{end}}
{{define "warning"}}
<section id="warning" data-at="{{.WarnAt}}" aria-label="Time left" hidden>
<p role="alert">You will be logged out soon.</p>
<p><span id="time-left"></span> left</p>
<form id="longer"><button>Stay logged in</button></form>
</section>
<script src="/assets/example/warning.js" defer></script>
{{end}}`

type page struct {
	Username string
	Visits   string
	// Ended is the idle timeout of a session that has ended, and EndedKept the one
	// with "Keep me logged in".
	Ended, EndedKept string
	Problem          string
	Keep             bool
	// Notice says once what the app has done.
	Notice  string
	Devices []sessionstore.Info
	// WarnAt is how many milliseconds before the end the page warns.
	WarnAt int64
}

// Since is how long ago a time was, and Until how long it is to a time.
func (page) Since(t time.Time) string { return about(time.Since(t)) }
func (page) Until(t time.Time) string { return about(time.Until(t)) }

// about prints a duration in the largest unit of which there are at least two, else in
// seconds. It may be slightly negative, because the clock of Redis may be ahead.
func about(d time.Duration) string {
	for _, unit := range []time.Duration{24 * time.Hour, time.Hour, time.Minute} {
		if d >= 2*unit-time.Second {
			return config.InWords(d.Round(unit))
		}
	}
	return config.InWords(max(d.Truncate(time.Second), time.Second))
}
