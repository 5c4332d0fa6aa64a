package session

import (
	"crypto/rand"
	"encoding/base64"
)

// tokenBytes are 256 bits, which nobody can guess.
const tokenBytes = 32

// Token is what the browser holds in place of a name. Who has it is logged in,
// so it goes into the cookie and nowhere else: not to Redis, not into a log.
type Token string

func newToken() Token {
	var random [tokenBytes]byte
	// Read never fails: without randomness the runtime ends the program
	// (https://pkg.go.dev/crypto/rand#Read).
	rand.Read(random[:])
	return Token(base64.RawURLEncoding.EncodeToString(random[:]))
}
