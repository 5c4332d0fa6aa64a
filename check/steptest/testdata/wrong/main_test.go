package main

import (
	"testing"

	"example.com/session-workshop/check/steptest"
)

func TestStep1(t *testing.T) { steptest.Contract(t, 1) }

func TestStep3(t *testing.T) { steptest.Contract(t, 3) }

func TestKilled(t *testing.T) { steptest.Start(t, ".").Kill() }
