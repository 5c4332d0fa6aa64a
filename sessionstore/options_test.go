package sessionstore_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/sessionstore"
)

// The panic names the option and shows its value.
func TestNewPanicsOnAnInvalidOption(t *testing.T) {
	client := redis.NewClient(&redis.Options{})
	defer client.Close()
	for want, options := range map[string][]sessionstore.Option{
		"IdleTimeout(999µs)":       {sessionstore.IdleTimeout(999 * time.Microsecond)},
		"IdleTimeout(-1h0m0s)":     {sessionstore.IdleTimeout(-time.Hour)},
		"MaxAge(0s)":               {sessionstore.MaxAge(0)},
		"MaxSessions(0)":           {sessionstore.MaxSessions(0)},
		`KeyPrefix("")`:            {sessionstore.KeyPrefix("")},
		`KeyPrefix("shop ")`:       {sessionstore.KeyPrefix("shop ")},
		`KeyPrefix("shop:*")`:      {sessionstore.KeyPrefix("shop:*")},
		`KeyPrefix("shop\n")`:      {sessionstore.KeyPrefix("shop\n")},
		`KeyPrefix("aaaaaaaaaa`:    {sessionstore.KeyPrefix(strings.Repeat("a", 101))},
		`CookieName("")`:           {sessionstore.CookieName("")},
		`CookieName("my session")`: {sessionstore.CookieName("my session"), sessionstore.InsecurePlainHTTP()},
		`CookieName("a;b")`:        {sessionstore.CookieName("a;b")},
		`CookieName("__host-a")`:   {sessionstore.CookieName("__host-a")},
		"SameSite(0)":              {sessionstore.SameSite(0)},
		"SameSite(99)":             {sessionstore.SameSite(99)},
		"SameSiteNoneMode":         {sessionstore.SameSite(http.SameSiteNoneMode), sessionstore.InsecurePlainHTTP()},
		"WaitForReplicas(-1, 1s)":  {sessionstore.WaitForReplicas(-1, time.Second)},
		"WaitForReplicas(1, 0s)":   {sessionstore.WaitForReplicas(1, 0)},
		"UnavailablePage(nil)":     {sessionstore.UnavailablePage(nil)},
		"OnEvent(nil)":             {sessionstore.OnEvent(nil)},
	} {
		wantPanic(t, want, client, options...)
	}
	wantPanic(t, "client", nil)
	wantPanic(t, "client", (*redis.Client)(nil))
	wantPanic(t, "client", (*redis.ClusterClient)(nil))
}

func wantPanic(t *testing.T, want string, client redis.UniversalClient, options ...sessionstore.Option) {
	t.Helper()
	defer func() {
		if said := fmt.Sprint(recover()); !strings.Contains(said, "sessionstore.New: ") || !strings.Contains(said, want) {
			t.Errorf("New panics with %q, want a text with %s", said, want)
		}
	}()
	sessionstore.New(client, options...)
}
