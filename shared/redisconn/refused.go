package redisconn

import "errors"

// Refused tells whether an error means that nobody listens at an address.
func Refused(err error) bool { return errors.Is(err, connectionRefused) }
