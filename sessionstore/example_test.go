package sessionstore_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"example.com/session-workshop/sessionstore"
)

// The store in a service of net/http. Behind HTTPS leave InsecurePlainHTTP out.
func Example() {
	rdb, end := startRedis()
	defer end()
	store := sessionstore.New(rdb, sessionstore.InsecurePlainHTTP())

	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		// Here a service checks the password.
		s := sessionstore.From(r.Context())
		switch err := s.Login(r.Context(), r.FormValue("username")); {
		case errors.Is(err, sessionstore.ErrUnavailable):
			http.Error(w, "try again later", http.StatusServiceUnavailable)
		case err != nil:
			http.Error(w, "this user name is invalid", http.StatusBadRequest)
		default:
			http.Redirect(w, r, "/", http.StatusSeeOther)
		}
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		s := sessionstore.From(r.Context())
		visits, err := s.Incr(r.Context(), "visits", 1)
		switch {
		case errors.Is(err, sessionstore.ErrNoSession):
			fmt.Fprintln(w, "You are not logged in")
		case errors.Is(err, sessionstore.ErrUnavailable):
			http.Error(w, "try again later", http.StatusServiceUnavailable)
		case err != nil:
			http.Error(w, "this request is invalid", http.StatusBadRequest)
		default:
			fmt.Fprintf(w, "Logged in as %s. Visits: %d\n", s.Username(), visits)
		}
	})
	mux.HandleFunc("POST /logout", func(w http.ResponseWriter, r *http.Request) {
		if err := sessionstore.From(r.Context()).Logout(r.Context()); err != nil {
			http.Error(w, "try again later", http.StatusServiceUnavailable)
			return
		}
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	// Other sites cannot post a form of this one.
	handler := http.NewCrossOriginProtection().Handler(store.Handler(mux))

	browse(handler, "GET /", "POST /login?username=aaa", "GET /", "POST /logout")
	// Output:
	// You are not logged in
	// Logged in as aaa. Visits: 1
	// Logged in as aaa. Visits: 2
	// You are not logged in
}

// The client of a service. With the defaults of go-redis, a Redis that hangs keeps a page
// waiting for many seconds.
func ExampleNew() {
	rdb := redis.NewClient(&redis.Options{
		Addr:        "127.0.0.1:6379",
		DialTimeout: time.Second, DialerRetries: 1,
		ReadTimeout: 500 * time.Millisecond, WriteTimeout: 500 * time.Millisecond,
		PoolTimeout: 300 * time.Millisecond, MaxRetries: 1,
		ContextTimeoutEnabled: true,
		// Both shorten the handshake of a new connection.
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
	store := sessionstore.New(rdb)
	_ = store.Handler(http.NotFoundHandler())
}

// A shopping cart: one more item, which becomes the last one, and the hint for an empty
// cart is deleted. Either all changes are made or none.
func ExampleSession_Batch() {
	rdb, end := startRedis()
	defer end()
	s := loggedIn(sessionstore.New(rdb), "aaa")

	ctx := context.Background()
	err := s.Batch(ctx,
		sessionstore.Incr("items", 1),
		sessionstore.Set("last", "a bicycle"),
		sessionstore.Delete("hint"),
	)
	fmt.Println(s.Value("items"), s.Value("last"), err)

	err = s.Batch(ctx, sessionstore.Set("last", "a bell"), sessionstore.Incr("last", 1))
	fmt.Println(errors.Is(err, sessionstore.ErrField))
	last, err := s.Get(ctx, "last")
	fmt.Println(last, err)
	// Output:
	// 1 a bicycle <nil>
	// true
	// a bicycle <nil>
}

// Only users see the page, and all others see the login form. From returns the session
// that the middleware has read.
func ExampleStore_RequireLogin() {
	rdb, end := startRedis()
	defer end()
	store := sessionstore.New(rdb, sessionstore.InsecurePlainHTTP())

	mux := http.NewServeMux()
	form := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "Log in first") })
	mux.Handle("GET /account", store.RequireLogin(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "The account of", sessionstore.From(r.Context()).Username())
	}), form))
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		if err := store.Of(w, r).Login(r.Context(), r.FormValue("username")); err != nil {
			http.Error(w, "try again later", http.StatusServiceUnavailable)
		}
	})
	// Other sites cannot post a form of this one.
	browse(http.NewCrossOriginProtection().Handler(mux), "GET /account", "POST /login?username=aaa", "GET /account")
	// Output:
	// Log in first
	// The account of aaa
}

// Fields for the list of devices are written in the round trip of the login. Remember,
// for "Keep me logged in", gives this session a longer life and its cookie an age.
func ExampleSession_Login() {
	rdb, end := startRedis()
	defer end()
	store := sessionstore.New(rdb)

	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/login", nil)
	s := store.Of(w, r)
	err := s.Login(r.Context(), "aaa",
		sessionstore.Set("device", "a phone"),
		sessionstore.Set("address", r.RemoteAddr),
		sessionstore.Remember(7*24*time.Hour, 30*24*time.Hour),
	)
	fmt.Println(s.Username(), s.Value("device"), err)
	fmt.Println("the cookie lives for", time.Duration(w.Result().Cookies()[0].MaxAge)*time.Second)
	// Output:
	// aaa a phone <nil>
	// the cookie lives for 720h0m0s
}

// A page where users see where they are logged in.
func ExampleSession_List() {
	rdb, end := startRedis()
	defer end()
	store := sessionstore.New(rdb)
	loggedIn(store, "aaa", sessionstore.Set("device", "a phone"))
	here := loggedIn(store, "aaa", sessionstore.Set("device", "a laptop"))

	sessions, err := here.List(context.Background(), "device")
	if err != nil {
		log.Fatal(err)
	}
	for _, info := range sessions {
		seen := time.Since(info.LastSeen) < time.Minute
		fmt.Printf("%s, seen in the last minute: %t, this one: %t, at most %v\n",
			info.Fields["device"], seen, info.Current, info.End.Sub(info.Created))
	}
	// Unordered output:
	// a phone, seen in the last minute: true, this one: false, at most 8h0m0s
	// a laptop, seen in the last minute: true, this one: true, at most 8h0m0s
}

// A page asks every minute how much time is left, to warn before the end. Peek does not
// extend the session.
func ExampleSession_Peek() {
	rdb, end := startRedis()
	defer end()
	s := loggedIn(sessionstore.New(rdb), "aaa")

	left, err := s.Peek(context.Background())
	fmt.Println("warn:", left.Idle < 2*time.Minute, err)
	fmt.Println("more than 7 hours to the end:", left.End > 7*time.Hour)
	// Output:
	// warn: false <nil>
	// more than 7 hours to the end: true
}

// The state of an OAuth login is valid for one answer. A notice for one page works the
// same way.
func ExampleSession_Pop() {
	rdb, end := startRedis()
	defer end()
	s := loggedIn(sessionstore.New(rdb), "aaa")

	ctx := context.Background()
	if err := s.Set(ctx, "oauth_state", "a random text"); err != nil {
		log.Fatal(err)
	}
	for range 2 {
		state, err := s.Pop(ctx, "oauth_state")
		fmt.Printf("%q %v\n", state, err)
	}
	// Output:
	// "a random text" <nil>
	// "" <nil>
}

// A cart that is filled before the login and kept after it. The first write begins a
// session, so visitors who only look around cost nothing.
func ExampleSession_Begin() {
	rdb, end := startRedis()
	defer end()
	store := sessionstore.New(rdb, sessionstore.InsecurePlainHTTP())

	mux := http.NewServeMux()
	mux.HandleFunc("POST /cart", func(w http.ResponseWriter, r *http.Request) {
		err := store.Of(w, r).Begin(r.Context(), sessionstore.Set("cart", r.FormValue("item")))
		fmt.Fprintln(w, "put into the cart:", err == nil)
	})
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		s := store.Of(w, r)
		err := s.Login(r.Context(), r.FormValue("username"), sessionstore.Carry("cart"))
		fmt.Fprintln(w, s.Username(), "has", s.Value("cart"), err)
	})
	browse(mux, "POST /cart?item=bicycle", "POST /login?username=aaa")
	// Output:
	// put into the cart: true
	// aaa has bicycle <nil>
}

// To change a password, the user must have logged in recently. A new login gives the
// browser a new token.
func ExampleSession_Created() {
	rdb, end := startRedis()
	defer end()
	s := loggedIn(sessionstore.New(rdb), "aaa")

	old := s.Handle()
	if time.Since(s.Created()) > 10*time.Minute {
		fmt.Println("Give your password again")
	}
	// Here a service checks the password.
	err := s.Login(context.Background(), s.Username())
	fmt.Println("a new token:", s.Handle() != old, err)
	// Output:
	// a new token: true <nil>
}

// A field can hold any value that encoding/json can marshal.
func ExampleSetJSON() {
	rdb, end := startRedis()
	defer end()
	s := loggedIn(sessionstore.New(rdb), "aaa")

	err := s.Batch(context.Background(),
		sessionstore.SetJSON("sizes", []int{38, 40}),
		sessionstore.SetJSON("since", time.Date(2026, 11, 29, 9, 0, 0, 0, time.UTC)),
	)
	sizes, errOfSizes := sessionstore.ValueJSON[[]int](s, "sizes")
	since, errOfSince := sessionstore.ValueJSON[time.Time](s, "since")
	fmt.Println(sizes, since.Year(), errors.Join(err, errOfSizes, errOfSince))
	// Output:
	// [38 40] 2026 <nil>
}

// An audit log. It has the user as a digest and never contains a token.
func ExampleOnEvent() {
	rdb, end := startRedis()
	defer end()
	audit := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		// Leave out the time and the handle, which differ from run to run.
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey || a.Key == "session" {
				return slog.Attr{}
			}
			return a
		},
	}))
	store := sessionstore.New(rdb, sessionstore.OnEvent(func(ctx context.Context, e sessionstore.Event) {
		audit.InfoContext(ctx, string(e.Kind), "user", e.User, "session", e.Handle)
	}))
	s := loggedIn(store, "aaa")
	if err := s.Logout(context.Background()); err != nil {
		log.Fatal(err)
	}
	// Output:
	// level=INFO msg=login user=9834876dcfb05cb167a5c24953eba58c
	// level=INFO msg=logout user=9834876dcfb05cb167a5c24953eba58c
}

// The button beside a device on that page. Handles come from the browser, so a user may
// send that of another user. Revoke refuses it.
func ExampleStore_Revoke() {
	rdb, end := startRedis()
	defer end()
	store := sessionstore.New(rdb)
	lost, here := loggedIn(store, "aaa"), loggedIn(store, "aaa")

	ctx := context.Background()
	err := store.Revoke(ctx, "bbb", lost.Handle())
	fmt.Println("by another user:", errors.Is(err, sessionstore.ErrNoSession))
	fmt.Println("by its user:", store.Revoke(ctx, "aaa", lost.Handle()))
	fmt.Println("there:", lost.Refresh(ctx))
	fmt.Println("here:", here.Refresh(ctx))
	// Output:
	// by another user: true
	// by its user: <nil>
	// there: sessionstore: no live session
	// here: <nil>
}

// startRedis takes the place of redis.NewClient with the address of your Redis.
func startRedis() (rdb redis.UniversalClient, end func()) {
	server, err := miniredis.Run()
	if err != nil {
		log.Fatal(err)
	}
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), ContextTimeoutEnabled: true})
	return client, func() {
		client.Close()
		server.Close()
	}
}

// loggedIn returns the session of a request that has just logged in.
func loggedIn(store *sessionstore.Store, username string, options ...sessionstore.LoginOption) *sessionstore.Session {
	s := store.Of(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/login", nil))
	if err := s.Login(context.Background(), username, options...); err != nil {
		log.Fatal(err)
	}
	return s
}

// browse makes requests as one browser and prints the answers.
func browse(service http.Handler, requests ...string) {
	server := httptest.NewServer(service)
	defer server.Close()
	jar, err := cookiejar.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	for _, request := range requests {
		var method, path string
		fmt.Sscan(request, &method, &path)
		r, err := http.NewRequest(method, server.URL+path, nil)
		if err != nil {
			log.Fatal(err)
		}
		answer, err := browser.Do(r)
		if err != nil {
			log.Fatal(err)
		}
		page, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusOK {
			log.Fatalf("%s: %s: %s %v", request, answer.Status, page, err)
		}
		fmt.Print(string(page))
	}
}
