package sessionstore

import (
	"crypto/sha256"
	"encoding/hex"
)

// Version 0.1 named a session by all 64 digits of the digest of its token.
// Such a session stays logged in: a visit that finds none under the handle of
// today asks for the long one, which costs a dead cookie a second round trip,
// and a live session of today nothing. A logout and a login end both. In the
// index the two kinds of handle need no difference: the key is the prefix and the
// handle for both, so either version lists and revokes the sessions of the other.
//
// The version after this one deletes this file, and with it Session.long.
func (t token) longHandle() string {
	sum := sha256.Sum256([]byte(t))
	return hex.EncodeToString(sum[:])
}

// handles are all that the sessions of these tokens can have.
func handles(tokens []token) []string {
	all := make([]string, 0, 2*len(tokens))
	for _, t := range tokens {
		all = append(all, t.handle(), t.longHandle())
	}
	return all
}

func isLong(handle string) bool { return len(handle) > len(digest("")) }
