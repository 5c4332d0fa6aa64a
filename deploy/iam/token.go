package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// validity is the longest time that ElastiCache allows.
const validity = 15 * time.Minute

// login is what a token is for: one user of one cache.
type login struct {
	user string
	// cache is the name of the cache, not the address of its endpoint.
	cache      string
	region     string
	serverless bool
}

// token returns a token: the presigned address, without its scheme, of a
// request that connects the user. The request is never sent; ElastiCache only
// checks the signature. The token is valid for 15 minutes from now, but no
// longer than the credentials
// (https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html).
func (l login) token(ctx context.Context, credentials aws.Credentials, now time.Time) (string, error) {
	query := url.Values{
		"Action": {"connect"},
		"User":   {l.user},
		// The signer signs the existing parameters, and adds no validity
		// itself.
		"X-Amz-Expires": {strconv.Itoa(int(validity.Seconds()))},
	}
	if l.serverless {
		query.Set("ResourceType", "ServerlessCache")
	}
	address := url.URL{Scheme: "http", Host: l.cache, Path: "/", RawQuery: query.Encode()}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return "", err
	}
	emptyBody := fmt.Sprintf("%x", sha256.Sum256(nil))
	signed, _, err := v4.NewSigner().PresignHTTP(ctx, credentials, request, emptyBody, "elasticache", l.region, now)
	if err != nil {
		return "", err
	}
	return strings.TrimPrefix(signed, "http://"), nil
}
