package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// signatureOf computes the X-Amz-Signature of a presigned address, from the
// address and the secret key alone. It follows
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html,
// and uses no code of the SDK that it checks.
func signatureOf(signed *url.URL, secretKey, bodyHash string) string {
	query := strings.Split(signed.RawQuery, "&")
	query = slices.DeleteFunc(query, func(parameter string) bool { return strings.HasPrefix(parameter, "X-Amz-Signature=") })
	slices.Sort(query)
	request := strings.Join([]string{
		"GET", signed.EscapedPath(), strings.Join(query, "&"), "host:" + signed.Host, "", "host", bodyHash,
	}, "\n")

	_, scope, _ := strings.Cut(signed.Query().Get("X-Amz-Credential"), "/")
	key := []byte("AWS4" + secretKey)
	// The scope is date/region/service/aws4_request.
	for part := range strings.SplitSeq(scope, "/") {
		key = hmacSHA256(key, part)
	}
	toSign := strings.Join([]string{"AWS4-HMAC-SHA256", signed.Query().Get("X-Amz-Date"), scope, hexSHA256(request)}, "\n")
	return hex.EncodeToString(hmacSHA256(key, toSign))
}

// verify does what ElastiCache does with a token, as far as we know. It checks
// that the token is for this login, recent enough, and signed with the secret
// key.
func verify(token string, l login, accessKey, secretKey string, now time.Time) error {
	signed, err := url.Parse("http://" + token)
	if err != nil {
		return err
	}
	query := signed.Query()
	made, err := time.Parse("20060102T150405Z", query.Get("X-Amz-Date"))
	if err != nil {
		return err
	}
	resource := ""
	if l.serverless {
		resource = "ServerlessCache"
	}
	for _, c := range []struct{ what, got, want string }{
		{"cache", signed.Host, l.cache},
		{"path", signed.Path, "/"},
		{"Action", query.Get("Action"), "connect"},
		{"User", query.Get("User"), l.user},
		{"ResourceType", query.Get("ResourceType"), resource},
		{"X-Amz-Expires", query.Get("X-Amz-Expires"), "900"},
		{"X-Amz-Algorithm", query.Get("X-Amz-Algorithm"), "AWS4-HMAC-SHA256"},
		{"X-Amz-SignedHeaders", query.Get("X-Amz-SignedHeaders"), "host"},
		{"X-Amz-Credential", query.Get("X-Amz-Credential"), fmt.Sprintf("%s/%s/%s/elasticache/aws4_request", accessKey, made.Format("20060102"), l.region)},
		{"X-Amz-Signature", query.Get("X-Amz-Signature"), signatureOf(signed, secretKey, hexSHA256(""))},
	} {
		if c.got != c.want {
			return fmt.Errorf("%s is %q, want %q", c.what, c.got, c.want)
		}
	}
	if age := now.Sub(made); age < -time.Minute || age > 15*time.Minute {
		return fmt.Errorf("it was made %v ago", age)
	}
	return nil
}

func hmacSHA256(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func hexSHA256(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// signatureOf is checked by the example that AWS publishes in
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html,
// with its keys, which give access to nothing.
func TestOurSignatureMatchesTheExampleOfAWS(t *testing.T) {
	signed := &url.URL{Scheme: "https", Host: "examplebucket.s3.amazonaws.com", Path: "/test.txt", RawQuery: strings.Join([]string{
		"X-Amz-Algorithm=AWS4-HMAC-SHA256",
		"X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request",
		"X-Amz-Date=20130524T000000Z",
		"X-Amz-Expires=86400",
		"X-Amz-SignedHeaders=host",
	}, "&")}
	const published = "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
	if got := signatureOf(signed, "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "UNSIGNED-PAYLOAD"); got != published {
		t.Errorf("got %s, want %s", got, published)
	}
}
