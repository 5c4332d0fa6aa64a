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

// encoding is strict: every token has exactly one spelling, so two different
// cookies are never the same session.
var encoding = base64.RawURLEncoding.Strict()

// token is what the browser holds, 43 characters. A client that has it is
// logged in, so it goes into the cookie alone: not to Redis, and not into a log.
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

// handle names the session, in Redis and to its user. The token cannot be
// computed from it: a reader of Redis, of its slow log or of a trace cannot log
// in.
func (t token) handle() string { return digest(string(t)) }

// digest is 128 bits of the SHA-256, in 32 hexadecimal digits. That many keep
// the tokens, and the names of users, apart; more would only take memory.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}
