package main

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// The keys of AWS's own examples, which give access to nothing.
const (
	accessKey = "AKIAIOSFODNN7EXAMPLE"
	secretKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

var noon = time.Date(2026, time.November, 25, 12, 0, 0, 0, time.UTC)

func TestGoldenTokens(t *testing.T) {
	for _, c := range []struct {
		name         string
		login        login
		sessionToken string
		want         string
	}{
		{
			"of a user of AWS", login{user: "workshop", cache: "session-store", region: "eu-central-1"}, "",
			"session-store/?Action=connect&User=workshop&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20261125%2Feu-central-1%2Felasticache%2Faws4_request&X-Amz-Date=20261125T120000Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host&X-Amz-Signature=198260190aa5de54ade687c37f596acd9bdd5c0e5222d004ca6a48e3899ec541",
		},
		{
			"of a role", login{user: "workshop", cache: "session-store", region: "eu-central-1"}, "to/ken+of=the session",
			"session-store/?Action=connect&User=workshop&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20261125%2Feu-central-1%2Felasticache%2Faws4_request&X-Amz-Date=20261125T120000Z&X-Amz-Expires=900&X-Amz-Security-Token=to%2Fken%2Bof%3Dthe%20session&X-Amz-SignedHeaders=host&X-Amz-Signature=454141ae537cf5c7cbc3aba9e7f1ae969152cf431ee93b3b7e3490e363b6de4e",
		},
		{
			"for a serverless cache", login{user: "workshop", cache: "session-store", region: "us-east-1", serverless: true}, "",
			"session-store/?Action=connect&ResourceType=ServerlessCache&User=workshop&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20261125%2Fus-east-1%2Felasticache%2Faws4_request&X-Amz-Date=20261125T120000Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host&X-Amz-Signature=772368ab7878df5d37350010cdfa0ed6e76457e7e804a61ec63fad6c011a20f0",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			token, err := c.login.token(t.Context(), aws.Credentials{
				AccessKeyID: accessKey, SecretAccessKey: secretKey, SessionToken: c.sessionToken,
			}, noon)
			if err != nil {
				t.Fatal(err)
			}
			if token != c.want {
				t.Errorf("got  %s\nwant %s", token, c.want)
			}
			if err := verify(token, c.login, accessKey, secretKey, noon.Add(14*time.Minute)); err != nil {
				t.Error(err)
			}
			parsed, err := url.Parse("http://" + token)
			if err != nil || parsed.Query().Get("X-Amz-Security-Token") != c.sessionToken {
				t.Errorf("the token of the session: %q, %v", parsed.Query().Get("X-Amz-Security-Token"), err)
			}
		})
	}
}

// The check that the tests rely on must also be able to fail.
func TestAWrongTokenDoesNotVerify(t *testing.T) {
	l := login{user: "workshop", cache: "session-store", region: "eu-central-1"}
	token, err := l.token(t.Context(), aws.Credentials{AccessKeyID: accessKey, SecretAccessKey: secretKey}, noon)
	if err != nil {
		t.Fatal(err)
	}
	otherUser, otherCache, serverless := l, l, l
	otherUser.user, otherCache.cache, serverless.serverless = "other-user", "another", true
	for _, c := range []struct {
		name, token, secretKey string
		login                  login
		now                    time.Time
	}{
		{"another key", token, "another key", l, noon},
		{"another user", token, secretKey, otherUser, noon},
		{"another cache", token, secretKey, otherCache, noon},
		{"another kind of cache", token, secretKey, serverless, noon},
		{"a changed user", strings.Replace(token, "User=workshop", "User=other-user", 1), secretKey, otherUser, noon},
		{"too old", token, secretKey, l, noon.Add(15*time.Minute + time.Second)},
	} {
		if err := verify(c.token, c.login, accessKey, c.secretKey, c.now); err == nil {
			t.Errorf("%s: it verifies", c.name)
		}
	}
}
