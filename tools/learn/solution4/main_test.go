package main_test

import (
	"testing"

	"example.com/session-workshop/check/steptest"
	"example.com/session-workshop/check/testall"
)

func TestLesson(t *testing.T) {
	testall.Only(t)
	steptest.Lesson(t, 4)
}
