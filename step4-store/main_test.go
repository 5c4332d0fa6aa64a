package main_test

import (
	"testing"

	"example.com/session-workshop/shared/steptest"
)

func TestContract(t *testing.T) { steptest.Contract(t, 4) }
