package sessionstore

import (
	"fmt"
	"strings"
)

// The limits of a session. Each visit reads the whole session, at most 256 KiB.
const (
	maxFields    = 64
	maxFieldName = 64        // bytes
	maxValue     = 4 << 10   // bytes
	maxNumber    = 1<<53 - 1 // Lua's numbers are exact up to this
)

const (
	set    = "set"
	incr   = "incr"
	remove = "delete"
	pop    = "pop"
)

// Op is a change to one field of a session, for Session.Batch.
type Op struct {
	verb, field string
	value       any
}

// Set sets a field to a value of at most 4 KiB.
func Set(field, value string) Op { return Op{set, field, value} }

// Incr adds n to a field, which starts at 0. A counter stays between -2^53 and 2^53.
func Incr(field string, n int64) Op { return Op{incr, field, n} }

// Delete removes a field, if it exists.
func Delete(field string) Op { return Op{remove, field, ""} }

// Pop removes a field. Session.Value returns its value until the next visit. Of
// several requests only one gets it. Use it for a value that is read once: a notice
// for the next page, the state of an OAuth login, or a one-time code.
func Pop(field string) Op { return Op{pop, field, ""} }

// check returns an error for an invalid change before it is sent. The error does not
// repeat a text, which may be a secret.
func (op Op) check() error {
	switch {
	case op.field == "username" || strings.HasPrefix(op.field, "@"):
		return fmt.Errorf("%w: the field %q is reserved for the store", ErrField, op.field)
	case !isFieldName(op.field):
		return fmt.Errorf("%w: %.70q is not a field name: use 1 to %d of the characters a-z A-Z 0-9 _ . -", ErrField, op.field, maxFieldName)
	}
	switch value := op.value.(type) {
	case error:
		return fmt.Errorf("%w: the value for %q cannot be written as JSON", ErrField, op.field)
	case string:
		if len(value) > maxValue {
			return fmt.Errorf("%w: the value for %q has %d bytes; the limit is %d", ErrField, op.field, len(value), maxValue)
		}
	case int64:
		if value > maxNumber || value < -maxNumber {
			return fmt.Errorf("%w: %d for %q is out of range: counters are exact between -2^53 and 2^53", ErrField, value, op.field)
		}
	}
	return nil
}

func isFieldName(name string) bool {
	for i := range len(name) {
		c := name[i]
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && !('0' <= c && c <= '9') && c != '_' && c != '.' && c != '-' {
			return false
		}
	}
	return 0 < len(name) && len(name) <= maxFieldName
}
