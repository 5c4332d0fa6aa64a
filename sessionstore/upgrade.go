package sessionstore

import (
	"crypto/sha256"
	"encoding/hex"
)

// longHandle is the handle of version 0.1: all 64 digits of the digest of the token. A
// session of version 0.1 stays logged in: if a visit finds no session under the handle,
// it tries the long one. That costs a dead cookie a second round trip, and a live
// session of this version nothing. A logout and a login end both. The key is the prefix
// and the handle for both, so each version lists and revokes the sessions of the other.
//
// The next version deletes this file and Session.long.
func (t token) longHandle() string {
	sum := sha256.Sum256([]byte(t))
	return hex.EncodeToString(sum[:])
}

// handles returns all handles that the sessions of these tokens can have.
func handles(tokens []token) []string {
	all := make([]string, 0, 2*len(tokens))
	for _, t := range tokens {
		all = append(all, t.handle(), t.longHandle())
	}
	return all
}

func isLong(handle string) bool { return len(handle) > len(digest("")) }
