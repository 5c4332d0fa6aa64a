package sessionstore

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
)

// tokenBytes are 256 bits. OWASP requires at least 64 bits of entropy
// (https://cheatsheetseries.owasp.org/cheatsheets/Session_Management_Cheat_Sheet.html#session-id-entropy),
// and ASVS 5.0, 7.2.3, 128.
const tokenBytes = 32

// encoding is strict: every token has exactly one spelling, so two different
// cookies are never the same session.
var encoding = base64.RawURLEncoding.Strict()

// token is the value of the cookie, 43 characters. A client that has it is logged in,
// so it is never sent to Redis or written to a log.
type token string

func newToken() token {
	var random [tokenBytes]byte
	// Read never fails: without randomness the runtime ends the program
	// (https://pkg.go.dev/crypto/rand#Read).
	rand.Read(random[:])
	return token(encoding.EncodeToString(random[:]))
}

// parseToken reports whether value has the shape of a token. A value of any
// other shape is rejected before it reaches Redis.
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

// handle names the session in Redis and in lists. The token cannot be computed from
// it, so a reader of Redis, its slow log or a trace cannot log in.
func (t token) handle() string { return digest(string(t)) }

// digest returns 128 bits of the SHA-256 as 32 hexadecimal digits. That is enough to
// keep tokens and usernames apart; more would only take memory.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}
