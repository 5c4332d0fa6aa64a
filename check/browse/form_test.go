package browse_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"example.com/session-workshop/check/browse"
)

func TestFillSendsAFormAsBrowsersDo(t *testing.T) {
	for form, want := range map[string]string{
		`<form method=post action=/login><input type=hidden name=token value=t1><input name=username></form>`:                                                             "/login token=t1&username=ada",
		`<FORM METHOD=POST><input type=hidden name=_token value="a&amp;b"><input name=username value=guest></FORM>`:                                                       "/login _token=a%26b&username=ada",
		`<form method=post action=/session?x=1><input name=username><button name=do value=in>Login</button><button name=do value=out>x</button></form>`:                   "/session?x=1 do=in&username=ada",
		`<form method=post><input name=username><input type=submit name=commit value=Login><input type=submit name=commit value=Other></form>`:                            "/login commit=Login&username=ada",
		`<form method=post><input name=username><input type=checkbox name=a checked><input type=checkbox name=b value=1><input type=radio name=c value=2 checked></form>`: "/login a=on&c=2&username=ada",
		`<form method=post><input name=username><select name=lang><option>en<option selected value=ja>x</select><select name=zone><option>1<option>2</select></form>`:     "/login lang=ja&username=ada&zone=1",
		`<form method=post><input name=username><textarea name=note>a b</textarea><input name=off value=1 disabled><button type=button name=no value=1>x</button></form>`: "/login note=a+b&username=ada",
		`<form method=post id=f><input name=username></form><input type=hidden form=f name=token value=t2>`:                                                               "/login token=t2&username=ada",
		`<form method=post action=/search><input name=q></form><form method=post><input type=hidden name=token value=t3><input name=username></form>`:                     "/login token=t3&username=ada",
		`<form method=post action=/old><input name=username><button formaction=/new>Login</button></form>`:                                                                "/new username=ada",
		`<form action=/login><input type=hidden name=token value=t4><input name=username></form>`:                                                                         "/login username=ada",
		`<p>no form</p>`: "/login username=ada",
	} {
		app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				fmt.Fprint(w, form)
				return
			}
			_ = r.ParseForm()
			fmt.Fprint(w, r.URL.String()+" "+r.PostForm.Encode())
		}))
		b := browse.New(app.URL)
		var p browse.Page
		if _, err := b.Do(t.Context(), http.MethodGet, "/login", nil, nil); err != nil {
			t.Fatal(err)
		}
		to, values := b.Fill("/login", url.Values{"username": {"ada"}})
		p, err := b.Do(t.Context(), http.MethodPost, to, values, nil)
		if err != nil || p.Body != want {
			t.Errorf("%s\nsends %s, want %s (%v)", form, p.Body, want, err)
		}
		// The page is gone, and with it its token.
		if _, values := b.Fill("/login", url.Values{}); len(values) > 0 {
			t.Errorf("after it was sent, the form sends %v again", values)
		}
		app.Close()
	}
}
