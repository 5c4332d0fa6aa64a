package sessiontest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"time"

	"example.com/session-workshop/sessionstore"
)

var reads = []test{
	{"only one request gets a popped field", popped},
	{"List shows devices, the last visit and the current session", listedDevices},
	{"JSON values are read as they were written", typedValues},
	{"OnEvent reports each event once, without the token", events},
	{"RequireLogin shows a page only to users", loginRequired},
}

func popped(s *scene) {
	b := s.loggedIn(s.store())
	s.must(b.batch(sessionstore.Set("notice", "saved"), sessionstore.Set("old", "x")))
	var group sync.WaitGroup
	got := make([]string, 20)
	for i := range got {
		request := b.at(s.store()).request()
		group.Go(func() {
			var err error
			if i%2 == 0 {
				got[i], err = request.Pop(s.ctx, "notice")
			} else {
				err = request.Batch(s.ctx, sessionstore.Incr("n", 1), sessionstore.Pop("notice"))
				got[i] = request.Value("notice")
			}
			if err != nil {
				s.Error(err)
			}
		})
	}
	group.Wait()
	got = slices.DeleteFunc(got, func(value string) bool { return value == "" })
	if !slices.Equal(got, []string{"saved"}) {
		s.Errorf("20 requests got %q, want one to get it", got)
	}
	s.wantEqual("the field afterwards", b.get("notice"), "")
	s.wantEqual("the counter in the same batches", b.get("n"), "10")
	s.must(b.batch(sessionstore.Pop("old"), sessionstore.Set("old", "new")))
	s.wantEqual("a field that was popped and set in one batch", b.get("old"), "new")
}

func listedDevices(s *scene) {
	store := s.store(sessionstore.TouchEvery(0))
	var browsers []*browser
	for _, device := range []string{"phone", "laptop"} {
		b := s.browser(store)
		s.must(b.do(func(a *sessionstore.Session, ctx context.Context) error {
			return a.Login(ctx, s.username, sessionstore.Set("device", device))
		}))
		browsers = append(browsers, b)
		s.waitForClock()
	}
	phone, laptop := browsers[0], browsers[1]
	s.must(s.admin.PExpire(s.ctx, phone.key(), time.Hour-10*time.Minute).Err())
	began := s.now()
	s.must(laptop.batch())
	s.must(laptop.do(func(a *sessionstore.Session, ctx context.Context) error {
		infos, err := a.List(ctx, "device", "none")
		if len(infos) != 2 {
			s.Fatalf("the list is %+v, %v", infos, err)
		}
		for i, want := range []string{"phone", "laptop"} {
			if _, has := infos[i].Fields["none"]; has || infos[i].Fields["device"] != want || infos[i].Current != (i == 1) {
				s.Errorf("session %d is %+v, want the %s", i, infos[i], want)
			}
		}
		s.wantBetween("when the phone was last seen", infos[0].LastSeen.UnixMilli(), began-600_000-slack-1000, began-600_000+slack)
		s.wantBetween("when the laptop was last seen", infos[1].LastSeen.UnixMilli(), began-slack, s.now()+slack)
		return err
	}))
	capped := s.loggedInAs("capped-"+s.username, s.store(sessionstore.MaxAge(time.Minute)))
	infos, err := capped.store.List(s.ctx, "capped-"+s.username)
	s.must(err)
	if len(infos) != 1 || !infos[0].LastSeen.IsZero() {
		s.Errorf("a session near its absolute end is %+v, want no LastSeen", infos)
	}
	s.must(capped.store.RevokeAll(s.ctx, "capped-"+s.username))
}

func typedValues(s *scene) {
	type cart struct {
		Items []string
		Until time.Time
	}
	b := s.loggedIn(s.store())
	want := cart{[]string{"apple", "pear"}, time.Now().Round(0)}
	s.must(b.batch(sessionstore.SetJSON("cart", want), sessionstore.SetJSON("at", want.Until), sessionstore.Set("word", "{")))
	s.must(b.do(func(a *sessionstore.Session, ctx context.Context) error {
		s.must(a.Refresh(ctx))
		got, err := sessionstore.ValueJSON[cart](a, "cart")
		if err != nil || !slices.Equal(got.Items, want.Items) || !got.Until.Equal(want.Until) {
			s.Errorf("the cart is %+v, %v, want %+v", got, err, want)
		}
		at, err := sessionstore.ValueJSON[time.Time](a, "at")
		if err != nil || !at.Equal(want.Until) {
			s.Errorf("the time is %v, %v, want %v", at, err, want.Until)
		}
		if none, err := sessionstore.ValueJSON[cart](a, "none"); err != nil || none.Items != nil {
			s.Errorf("a missing field is %+v, %v, want the zero value", none, err)
		}
		_, err = sessionstore.ValueJSON[cart](a, "word")
		s.wantErr("a field without JSON", err, sessionstore.ErrField)
		return nil
	}))
	b.wantNoCommand("a value that JSON cannot represent", func() {
		s.wantErr("a channel", b.batch(sessionstore.SetJSON("f", make(chan int))), sessionstore.ErrField)
	})
}

func events(s *scene) {
	var got []sessionstore.Event
	store := s.store(sessionstore.OnEvent(func(_ context.Context, e sessionstore.Event) { got = append(got, e) }))
	b := s.loggedIn(store)
	handle, user := b.handle(), digest(s.username)
	s.must(b.batch(sessionstore.Set("f", "x")))
	copied := b.copied()
	b.logout()
	copied.wantLoggedIn(false, "after the logout")
	other := s.loggedIn(store)
	s.must(store.Revoke(s.ctx, s.username, other.handle()))
	s.must(store.RevokeAll(s.ctx, s.username))
	b.store.intercept(failures["before the first command"])
	s.wantErr("a login", b.tryLogin(s.username), sessionstore.ErrUnavailable)
	b.store.stopIntercepting()
	want := []sessionstore.Event{
		{Kind: sessionstore.LoggedIn, User: user, Handle: handle},
		{Kind: sessionstore.LoggedOut, User: user, Handle: handle},
		{Kind: sessionstore.Refused, Handle: handle},
		{Kind: sessionstore.LoggedIn, User: user, Handle: other.handle()},
		{Kind: sessionstore.Revoked, User: user, Handle: other.handle()},
		{Kind: sessionstore.Revoked, User: user},
		{Kind: sessionstore.Unavailable, User: user},
	}
	if len(got) != len(want) {
		s.Fatalf("the events are %+v, want %d", got, len(want))
	}
	for i, e := range got {
		if (e.Err != nil) != (e.Kind == sessionstore.Refused || e.Kind == sessionstore.Unavailable) {
			s.Errorf("event %d has the error %v", i, e.Err)
		}
		e.Err = nil
		if e != want[i] {
			s.Errorf("event %d is %+v, want %+v", i, e, want[i])
		}
	}
}

func loginRequired(s *scene) {
	b := s.loggedIn(s.store())
	anonymous := s.browser(b.store)
	s.must(anonymous.do(beginWith(sessionstore.Set("f", "x"))))
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.wantEqual("the user of From", sessionstore.From(r.Context()).Username(), s.username)
		w.WriteHeader(http.StatusTeapot)
	})
	handler := b.store.RequireLogin(page, http.RedirectHandler("/login", http.StatusSeeOther))
	status := func(cookie string) int {
		r := httptest.NewRequest(http.MethodGet, "/", nil).WithContext(s.ctx)
		if cookie != "" {
			r.Header.Set("Cookie", cookie)
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Code
	}
	for who, c := range map[string]struct {
		cookie string
		want   int
	}{
		"a user":                     {b.cookie, http.StatusTeapot},
		"a browser without a cookie": {"", http.StatusSeeOther},
		"a session that has no user": {anonymous.cookie, http.StatusSeeOther},
		"a cookie that is no token":  {cookieName + "=x", http.StatusSeeOther},
	} {
		if got := status(c.cookie); got != c.want {
			s.Errorf("%s gets %d, want %d", who, got, c.want)
		}
	}
	b.store.intercept(failures["before the first command"])
	if got := status(b.cookie); got != http.StatusServiceUnavailable {
		s.Errorf("without Redis a user gets %d, want 503", got)
	}
	b.store.stopIntercepting()
	if sessionstore.From(s.ctx) != nil {
		s.Error("From finds a session without Handler")
	}
}
