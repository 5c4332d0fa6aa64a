package main_test

import (
	"testing"

	"example.com/session-workshop/shared/steptest"
	"example.com/session-workshop/shared/testall"
)

func TestLesson(t *testing.T) {
	testall.Only(t)
	steptest.Lesson(t, 4)
}
