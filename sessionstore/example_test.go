package sessionstore_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/sessionstore"
)

// The store in a service of net/http. Behind HTTPS leave InsecurePlainHTTP out.
func Example() {
	rdb, end := startRedis()
	defer end()
	store := sessionstore.New(rdb, sessionstore.InsecurePlainHTTP())

	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		// Here a service checks who it is.
		if err := store.Of(w, r).Login(r.Context(), r.FormValue("username")); err != nil {
			http.Error(w, "try again later", http.StatusServiceUnavailable)
		}
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		s := store.Of(w, r)
		visits, err := s.Incr(r.Context(), "visits", 1)
		switch {
		case errors.Is(err, sessionstore.ErrNoSession):
			fmt.Fprintln(w, "You are not logged in")
		case err != nil:
			http.Error(w, "try again later", http.StatusServiceUnavailable)
		default:
			fmt.Fprintf(w, "Logged in as %s. Visits: %d\n", s.Username(), visits)
		}
	})
	mux.HandleFunc("POST /logout", func(w http.ResponseWriter, r *http.Request) {
		if err := store.Of(w, r).Logout(r.Context()); err != nil {
			http.Error(w, "try again later", http.StatusServiceUnavailable)
		}
	})

	browse(mux, "GET /", "POST /login?username=aaa", "GET /", "GET /", "POST /logout", "GET /")
	// Output:
	// You are not logged in
	// Logged in as aaa. Visits: 1
	// Logged in as aaa. Visits: 2
	// You are not logged in
}

// A shopping cart: an item more, the last one shown, and no hint any more that
// it is empty. Either all of it is done, or nothing.
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

// A page where people see where they are logged in.
func ExampleStore_List() {
	rdb, end := startRedis()
	defer end()
	store := sessionstore.New(rdb)
	loggedIn(store, "aaa")
	here := loggedIn(store, "aaa")

	sessions, err := store.List(context.Background(), "aaa")
	if err != nil {
		log.Fatal(err)
	}
	for _, info := range sessions {
		fmt.Println("this one:", info.Handle == here.Handle(), "- at most", info.End.Sub(info.Created))
	}
	// Unordered output:
	// this one: false - at most 8h0m0s
	// this one: true - at most 8h0m0s
}

// The button beside an entry of that page. Handles come from the browser, so
// somebody may send another user's: it is refused.
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
	// there: sessionstore: there is no live session
	// here: <nil>
}

// startRedis stands for redis.NewClient with the address of your Redis.
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

// loggedIn is the session of a request that has just logged in.
func loggedIn(store *sessionstore.Store, username string) *sessionstore.Session {
	s := store.Of(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/login", nil))
	if err := s.Login(context.Background(), username); err != nil {
		log.Fatal(err)
	}
	return s
}

// browse makes requests as one browser would, and prints what it is shown.
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
