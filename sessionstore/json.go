package sessionstore

import (
	"encoding/json"
	"fmt"
)

// SetJSON sets a field to the JSON of a value, for example a time.Time, in at most
// 4 KiB. ValueJSON reads it.
func SetJSON(field string, value any) Op {
	text, err := json.Marshal(value)
	if err != nil {
		return Op{set, field, err}
	}
	return Set(field, string(text))
}

// ValueJSON is Session.Value for a field that SetJSON has written. It returns the
// zero value if the field does not exist, and ErrField if it holds anything else.
func ValueJSON[T any](s *Session, field string) (value T, err error) {
	text := s.Value(field)
	if text == "" {
		return value, nil
	}
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		// The error of encoding/json can repeat the value, which may be a secret.
		return value, fmt.Errorf("%w: the field %q does not hold the JSON of a %T", ErrField, field, value)
	}
	return value, nil
}
