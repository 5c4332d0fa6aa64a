package board

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"math/big"
	"strings"
)

// letters are those of a code. Nobody mixes them up when they are read aloud or
// seen from the last row: there is no 0 and o, no 1, i and l, no u and v.
const letters = "abcdefghjkmnpqrstwxyz23456789"

const (
	// joinLength letters are 29 bits, of which a client can try few: see limiter.
	joinLength = 6
	// teacherLength letters are 48 bits: at 10,000 codes a second, half of them
	// take 660 years.
	teacherLength = 10
	// digestRounds make guessing slow for a learner who has read the digest in Redis.
	// Ten billion hashes a second, which a graphics card can do, are a million codes,
	// and half of all codes take 6 years. More rounds would take from the 800 ms that
	// a request has for Redis.
	digestRounds = 10_000

	minCode, maxCode = 6, 32
)

func newCode(length int) string {
	code := make([]byte, length)
	for i := range code {
		// The error is that of the reader, which never fails:
		// https://pkg.go.dev/crypto/rand#pkg-variables.
		n, _ := rand.Int(rand.Reader, big.NewInt(int64(len(letters))))
		code[i] = letters[n.Int64()]
	}
	return string(code)
}

// normalCode is a code as it is kept, from what a person typed: in any case,
// in groups or not. It is empty if the text cannot be a code.
func normalCode(typed string) string {
	code := strings.ToLower(strings.NewReplacer(" ", "", "-", "").Replace(typed))
	if len(code) < minCode || len(code) > maxCode || strings.ContainsFunc(code, notInCode) {
		return ""
	}
	return code
}

// A code that the teacher has chosen may have any letter or digit.
func notInCode(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }

// isCode takes the same time wherever the two differ.
func isCode(typed, code string) bool {
	return subtle.ConstantTimeCompare([]byte(normalCode(typed)), []byte(code)) == 1
}

// teacherField is by which Redis knows a teacher's code. It says nothing about the
// code itself: learners can look into that Redis, and the projector may show it.
func teacherField(code string) string {
	// The error is that of a length which the hash cannot give.
	sum, _ := pbkdf2.Key(sha256.New, code, []byte(settingsKey), digestRounds, 16)
	return "teacher:" + hex.EncodeToString(sum)
}
