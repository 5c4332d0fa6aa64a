package board

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"math/big"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/rangetable"
	"golang.org/x/text/width"
)

// letters are the characters of a code. Those that are easy to confuse, read
// aloud or seen from the last row, are left out: 0 and o, 1, i and l, u and v.
const letters = "abcdefghjkmnpqrstwxyz23456789"

const (
	// joinLength letters are 29 bits. limiter bounds how many a client can try.
	joinLength = 6
	// teacherLength letters are 48 bits: at 10,000 codes a second, trying half of
	// them takes 660 years.
	teacherLength = 10
	// digestRounds slow down a learner who reads the digest in Redis and guesses the
	// code. A graphics card computes ten billion hashes a second. That is a million
	// codes a second, so half of all codes take 6 years. More rounds would use up the 800 ms
	// that a request has for Redis.
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

// halfWidth returns a typed text in ASCII if a Japanese input method was left on: the
// characters are then of double width, and the full stop is a Japanese one.
func halfWidth(typed string) string {
	return strings.TrimSpace(strings.ReplaceAll(width.Fold.String(typed), "。", "."))
}

// hyphens are all dashes, and what Japanese keyboards type in place of one: the minus
// sign, and the mark of a long vowel.
var hyphens = rangetable.Merge(unicode.Pd, rangetable.New('−', 'ー'))

// normalCode returns a typed code as it is stored: in lower case, half-width, without
// spaces and hyphens. It is empty if the text does not have the form of a code.
func normalCode(typed string) string {
	code := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(hyphens, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, halfWidth(typed))
	if len(code) < minCode || len(code) > maxCode || strings.ContainsFunc(code, notInCode) {
		return ""
	}
	return code
}

// A code that the teacher has chosen may have any letter or digit.
func notInCode(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }

// isCode reports whether typed is the code. Its time does not depend on where the
// two differ.
func isCode(typed, code string) bool {
	return subtle.ConstantTimeCompare([]byte(normalCode(typed)), []byte(code)) == 1
}

// teacherPrefix is at the beginning of each teacherField.
const teacherPrefix = "teacher:"

// teacherField is the field of a teacher's code in Redis. It holds a digest of the
// code: learners can look into that Redis, and the projector may show it. Its value is
// when the code was made.
func teacherField(code string) string {
	// Key fails only for a length that the hash cannot give.
	sum, _ := pbkdf2.Key(sha256.New, code, []byte(settingsKey), digestRounds, 16)
	return teacherPrefix + hex.EncodeToString(sum)
}
