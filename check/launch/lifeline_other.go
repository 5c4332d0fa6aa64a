//go:build !unix

package launch

import "errors"

// Lifeline always returns errors.ErrUnsupported here: it needs a Unix shell.
func Lifeline(command ...string) (release func(), err error) {
	return nil, errors.ErrUnsupported
}
