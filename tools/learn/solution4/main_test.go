package main_test

import (
	"testing"

	"example.com/session-workshop/shared/steptest"
)

func TestLesson(t *testing.T) { steptest.Lesson(t, 4) }
