package sessionstore

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
)

// tokenBytes are 256 bits. OWASP asks for at least 64 bits of entropy
// (https://cheatsheetseries.owasp.org/cheatsheets/Session_Management_Cheat_Sheet.html#session-id-entropy),
// ASVS 5.0, 7.2.3, for 128.
const tokenBytes = 32

// encoding is strict: every token has exactly one spelling, so two cookies
// that differ are never the same session.
var encoding = base64.RawURLEncoding.Strict()

// token is what the browser holds, 43 characters. Who has it is logged in, so
// it goes nowhere but into the cookie: not to Redis, and not into a log.
type token string

func newToken() token {
	var random [tokenBytes]byte
	// Read never fails: without randomness the runtime ends the program
	// (https://pkg.go.dev/crypto/rand#Read).
	rand.Read(random[:])
	return token(encoding.EncodeToString(random[:]))
}

// parseToken says whether value has the shape of a token. What has not never
// reaches Redis.
func parseToken(value string) (token, bool) {
	if len(value) != encoding.EncodedLen(tokenBytes) {
		return "", false
	}
	var random [tokenBytes]byte
	if _, err := encoding.Decode(random[:], []byte(value)); err != nil {
		return "", false
	}
	return token(value), true
}

// handle names the session, in Redis and to people. Nobody can go back from it
// to the token: who reads Redis, its slow log or a trace cannot log in with it.
func (t token) handle() string { return digest(string(t)) }

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
