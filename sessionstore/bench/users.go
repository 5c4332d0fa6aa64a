package main

import (
	"errors"
	"fmt"
	"sync"

	"example.com/session-workshop/sessionstore/bench/load"
)

// logIn lets n users log in and visit once. It returns their cookies.
func logIn(addr string, n int) ([]string, error) {
	const browsers = 32
	cookies := make([]string, n)
	errs := make([]error, browsers)
	var wait sync.WaitGroup
	for i := range browsers {
		wait.Go(func() { errs[i] = logInEach(addr, cookies, i, browsers) })
	}
	wait.Wait()
	return cookies, errors.Join(errs...)
}

func logInEach(addr string, cookies []string, first, step int) error {
	browser, err := load.Open(addr)
	if err != nil {
		return err
	}
	defer browser.Close()
	for user := first; user < len(cookies); user += step {
		browser.Cookie = ""
		if err := browser.Login(fmt.Sprintf("user%07d", user)); err != nil {
			return err
		}
		if _, err := browser.Visit(); err != nil {
			return err
		}
		cookies[user] = browser.Cookie
	}
	return nil
}
