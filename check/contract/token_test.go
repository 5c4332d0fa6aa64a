package contract_test

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"example.com/session-workshop/check/contract"
	"example.com/session-workshop/check/contract/programs"
	"example.com/session-workshop/check/redistest"
)

// framework protects the forms of an app as a framework does by default: a POST
// must carry the token of the form, which changes with each login. A cookie holds
// the same token.
type framework struct {
	http.Handler
	// token is the name of the hidden field.
	token string
	// page is the path of the login form, action the path to which it posts.
	page, action string
	// logout is a field that the logout button sends too, as name=value.
	logout string
	// each is true if each page has a new token, hidden from scripts.
	each bool
}

const tokenCookie = "token"

func (f framework) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	token := ""
	if cookie, err := r.Cookie(tokenCookie); err == nil {
		token = cookie.Value
	}
	switch r.Method + " " + r.URL.Path {
	case "GET /login":
		if f.page != "/login" {
			http.Redirect(w, r, f.page, http.StatusMovedPermanently)
			return
		}
	case "GET " + f.page:
		r.URL.Path = "/login"
	case "GET /logout":
		http.Error(w, "only by the button", http.StatusMethodNotAllowed)
		return
	case "POST " + f.action:
		r.URL.Path = "/login"
	case "POST /login":
		http.NotFound(w, r)
		return
	case "POST /logout":
		if name, value, _ := strings.Cut(f.logout, "="); name != "" && r.PostFormValue(name) != value {
			http.Error(w, "the button sends more", http.StatusBadRequest)
			return
		}
	}
	if r.Method == http.MethodPost {
		if token == "" || r.PostFormValue(f.token) != token {
			http.Error(w, "the token is missing or wrong", http.StatusForbidden)
			return
		}
		token = ""
	}
	if token == "" || f.each {
		token = rand.Text()
		http.SetCookie(w, &http.Cookie{Name: tokenCookie, Value: token, Path: "/", SameSite: http.SameSiteStrictMode, HttpOnly: f.each})
	}
	if r.Method == http.MethodPost && r.URL.Path == "/logout" {
		r.Method = http.MethodGet
	}
	answer := httptest.NewRecorder()
	f.Handler.ServeHTTP(answer, r)
	for name, values := range answer.Header() {
		w.Header()[name] = append(w.Header()[name], values...)
	}
	w.Header().Del("Content-Length")
	w.WriteHeader(answer.Code)
	hidden := fmt.Sprintf(`<input type="hidden" name=%q value=%q>`, f.token, token)
	form := fmt.Sprintf(`<form method="post" action=%q>`, f.action) + hidden
	body := strings.ReplaceAll(answer.Body.String(), `<form method="post">`, form)
	if name, value, _ := strings.Cut(f.logout, "="); strings.Contains(body, "Logged in as") {
		body += fmt.Sprintf(`<form method="post" action="/logout">%s<input type="hidden" name=%q value=%q><button>Logout</button></form>`, hidden, name, value)
	}
	fmt.Fprint(w, body)
}

func TestAnAppWithTokensInItsFormsPasses(t *testing.T) {
	for name, f := range map[string]framework{
		"like Django":  {token: "csrfmiddlewaretoken", page: "/login/", action: "/login/"},
		"like Rails":   {token: "authenticity_token", page: "/login", action: "/session", logout: "_method=delete"},
		"like Laravel": {token: "_token", page: "/login", action: "/login"},
		"like ASP.NET": {token: "__RequestVerificationToken", page: "/login", action: "/login", each: true},
	} {
		t.Run(name, func(t *testing.T) {
			redistest.One(t, func(t *testing.T, r *redistest.Redis) {
				for step := 1; step <= 4; step++ {
					p := programs.Right(step, r.Client, normalTTL)
					f.Handler = p
					expectNone(t, runHandler(t, f, step, contract.Target{Redis: r.Client}, atOnce))
				}
			})
		})
	}
}
