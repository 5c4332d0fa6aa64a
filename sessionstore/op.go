package sessionstore

import (
	"fmt"
	"strings"
)

// The bounds of a session. They keep it small enough to be read whole at each
// visit: 64 fields of 4 KiB are 256 KiB at most.
const (
	maxFields    = 64
	maxFieldName = 64        // bytes
	maxValue     = 4 << 10   // bytes
	maxNumber    = 1<<53 - 1 // what Lua counts exactly
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

// Set gives a field a value of at most 4 KiB.
func Set(field, value string) Op { return Op{set, field, value} }

// Incr adds n to a field, which begins at 0. A counter stays below 2^53, either
// way.
func Incr(field string, n int64) Op { return Op{incr, field, n} }

// Delete removes a field. There may be none.
func Delete(field string) Op { return Op{remove, field, ""} }

// Pop removes a field, and Session.Value has what it held until the next visit: a
// value that is read once, such as a notice for the next page, the state of an OAuth
// login or a one-time code. Of several requests only one gets it.
func Pop(field string) Op { return Op{pop, field, ""} }

// check says what is wrong before anything is sent. The value is not repeated:
// it may be a secret.
func (op Op) check() error {
	switch {
	case op.field == "username" || strings.HasPrefix(op.field, "@"):
		return fmt.Errorf("%w: the field %q belongs to the store", ErrField, op.field)
	case !isFieldName(op.field):
		return fmt.Errorf("%w: %.70q is not the name of a field: 1 to %d of the characters a-z A-Z 0-9 _ . -", ErrField, op.field, maxFieldName)
	}
	switch value := op.value.(type) {
	case error:
		return fmt.Errorf("%w: the value for %q cannot be written as JSON", ErrField, op.field)
	case string:
		if len(value) > maxValue {
			return fmt.Errorf("%w: the value for %q has %d bytes, and at most %d fit", ErrField, op.field, len(value), maxValue)
		}
	case int64:
		if value > maxNumber || value < -maxNumber {
			return fmt.Errorf("%w: %d for %q is not below 2^53, up to which counters are exact", ErrField, value, op.field)
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
