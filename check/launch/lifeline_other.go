//go:build !unix

package launch

import "errors"

// Lifeline needs a Unix shell: here it always returns errors.ErrUnsupported.
func Lifeline(command ...string) (release func(), err error) {
	return nil, errors.ErrUnsupported
}
