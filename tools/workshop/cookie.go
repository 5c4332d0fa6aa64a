package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/inspect"
)

// runCookie logs in to an app, and prints what anyone can read in the cookie.
func runCookie(ctx context.Context, args []string) error {
	flags := newFlags("cookie [URL]\n  URL is the address that the app printed, by default http://127.0.0.1:5000.\n" +
		"  It logs in as aaa, and prints what anyone can read in the signed cookie of steps 1 to 3.")
	if err := config.ParseFlags(flags, args); err != nil {
		return err
	}
	if flags.NArg() > 1 {
		return errors.New("cookie: give one address, for example http://127.0.0.1:5000")
	}
	cookies, err := logIn(ctx, cmp.Or(flags.Arg(0), "http://127.0.0.1:5000"))
	if err != nil {
		return fmt.Errorf("cookie: %w", err)
	}
	if len(cookies) == 0 {
		return errors.New("cookie: the app set no cookie at the login")
	}
	for _, c := range cookies {
		signed, ok := inspect.ReadSigned(c.Value)
		if !ok {
			// It may be the token of a session, which is a secret.
			fmt.Printf("%s is not a signed cookie. Its value has %d characters, and stays secret.\n", c.Name, len(c.Value))
			continue
		}
		fmt.Printf("%s is a signed cookie:\n", c.Name)
		fmt.Printf("  %-30s when it was made\n", signed.Time)
		fmt.Printf("  %-30s what it says\n", signed.Text)
		fmt.Printf("  %-30s the signature\n", fmt.Sprintf("% x …", signed.Signature[:min(5, len(signed.Signature))]))
	}
	return nil
}

// logIn sends the login form of an app and returns the cookies of the answer.
func logIn(ctx context.Context, address string) ([]*http.Cookie, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	form := strings.NewReader(url.Values{"username": {"aaa"}}.Encode())
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimRight(address, "/")+"/login", form)
	if err != nil {
		return nil, errors.New("the address must be like http://127.0.0.1:5000")
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	// A client would follow the redirect, and the page after it sets no cookie.
	answer, err := http.DefaultTransport.RoundTrip(request)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return nil, errors.New("no answer within 5 s. Does the app hang?")
	case err != nil:
		return nil, fmt.Errorf("no app answers there: %w. Start one, and use the address that it prints", err)
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 1<<20))
	return answer.Cookies(), nil
}
