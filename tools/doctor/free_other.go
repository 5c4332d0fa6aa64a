//go:build !linux && !darwin && !windows

package main

import "errors"

func freeMegabytes(string) (int, error) { return 0, errors.ErrUnsupported }
