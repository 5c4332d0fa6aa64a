package session

import (
	"crypto/rand"
	"encoding/base64"
)

// tokenBytes are 256 bits, too many to guess.
const tokenBytes = 32

// encoding is strict: each token has exactly one spelling.
var encoding = base64.RawURLEncoding.Strict()

// Token is what the browser holds in place of a name. Anyone who has it is logged
// in, so it goes only into the cookie: not to Redis, not into a log.
type Token string

func newToken() Token {
	var random [tokenBytes]byte
	// Read never fails: without randomness the runtime ends the program
	// (https://pkg.go.dev/crypto/rand#Read).
	rand.Read(random[:])
	return Token(encoding.EncodeToString(random[:]))
}

// parseToken returns value as a token. If value does not have the shape of a
// token, it returns the empty one, which never reaches Redis.
func parseToken(value string) Token {
	decoded, err := encoding.DecodeString(value)
	if err != nil || len(decoded) != tokenBytes {
		return ""
	}
	return Token(value)
}
