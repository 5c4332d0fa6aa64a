package main_test

import (
	"testing"

	"example.com/session-workshop/check/steptest"
)

func TestContract(t *testing.T) { steptest.Contract(t, 3) }
