package sessionstore

import (
	"encoding/json"
	"fmt"
)

// SetJSON gives a field a value of any type that encoding/json can write, a
// time.Time for instance, in at most 4 KiB. ValueJSON reads it.
func SetJSON(field string, value any) Op {
	text, err := json.Marshal(value)
	if err != nil {
		return Op{set, field, err}
	}
	return Set(field, string(text))
}

// ValueJSON is Session.Value for a field that SetJSON has written; the zero value if
// there is no such field. The error is ErrField if the field holds something else.
func ValueJSON[T any](s *Session, field string) (value T, err error) {
	text := s.Value(field)
	if text == "" {
		return value, nil
	}
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		// The error of the package can repeat what is there, which may be a secret.
		return value, fmt.Errorf("%w: the field %q holds no JSON of a %T", ErrField, field, value)
	}
	return value, nil
}
