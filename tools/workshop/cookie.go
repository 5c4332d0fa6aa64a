package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/inspect"
	"example.com/session-workshop/shared/lang"
)

// runCookie logs in to an app, and prints what anyone can read in the cookie.
func runCookie(ctx context.Context, args []string) error {
	flags := newFlags("cookie [URL]",
		lang.T("URL is the address that the app printed, by default http://127.0.0.1:5000.", "URL は、アプリが表示したアドレスです（既定: http://127.0.0.1:5000）。"),
		lang.T("It logs in as aaa, and prints what anyone can read in the signed cookie of steps 1 to 3.", "aaa でログインし、ステップ 1 〜 3 の署名付き Cookie のうち、誰にでも読める内容を表示します。"))
	if err := config.ParseFlags(flags, args); err != nil {
		return err
	}
	if flags.NArg() > 1 {
		return lang.Errorf("cookie: give one address, for example http://127.0.0.1:5000", "cookie: アドレスを 1 つだけ指定してください。例: http://127.0.0.1:5000")
	}
	cookies, err := logIn(ctx, cmp.Or(flags.Arg(0), "http://127.0.0.1:5000"))
	if err != nil {
		return fmt.Errorf("cookie: %w", err)
	}
	if len(cookies) == 0 {
		return lang.Errorf("cookie: the app set no cookie at the login", "cookie: ログインしても、アプリが Cookie を設定しませんでした")
	}
	for _, c := range cookies {
		signed, ok := inspect.ReadSigned(c.Value)
		if !ok {
			// It may be the token of a session, which is a secret.
			say(lang.T("%s is not a signed cookie. Its value has %d characters, and stays secret.", "%s は署名付き Cookie ではありません。値は %d 文字です。秘密の値なので、表示しません。", c.Name, len(c.Value)))
			continue
		}
		say(lang.T("%s is a signed cookie:", "%s は署名付き Cookie です。", c.Name))
		say(lang.T("  %-30s when it was made", "  %-30s 作られた時刻", signed.Time))
		say(lang.T("  %-30s what it says", "  %-30s 書いてあること", signed.Text))
		say(lang.T("  %-30s the signature", "  %-30s 署名", fmt.Sprintf("% x …", signed.Signature[:min(5, len(signed.Signature))])))
	}
	return nil
}

// logIn sends the login form of an app and returns the cookies of the answer.
func logIn(ctx context.Context, address string) ([]*http.Cookie, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	form := strings.NewReader(url.Values{"username": {"aaa"}}.Encode())
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimRight(address, "/")+"/login", form)
	if err != nil || !slices.Contains([]string{"http", "https"}, request.URL.Scheme) || request.URL.Host == "" {
		return nil, lang.Errorf("the address must be like http://127.0.0.1:5000", "アドレスは http://127.0.0.1:5000 のように書いてください")
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	// A client would follow the redirect, and the page after it sets no cookie.
	answer, err := http.DefaultTransport.RoundTrip(request)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return nil, lang.Errorf("no answer within 5 s. Does the app hang?", "5 秒以内に応答がありません。アプリが固まっていませんか？")
	case err != nil:
		return nil, lang.Errorf("no app answers there: %w. Start one, and use the address that it prints", "そこではどのアプリも応答しません（%w）。アプリを起動し、表示されたアドレスを指定してください", err)
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 1<<20))
	return answer.Cookies(), nil
}
