package foreign_test

import (
	"os"
	"strings"
	"testing"

	"example.com/session-workshop/tools/internal/foreign"
)

func TestWhatAnInputMethodTypedIsRead(t *testing.T) {
	for _, c := range []struct{ makeFlags, wide, name, want string }{
		{" -- ＨＩＮＴ=２ BOARD=x", "", "HINT", "２"},
		{"w -- ＮＡＭＥ=エイダ\\ １", "", "NAME", "エイダ １"},
		{"", "ONLY=x ＨＩＮＴ＝２", "HINT", "２"},
		{"", "URL＝http://127.0.0.1:8000/?a=b", "URL", "http://127.0.0.1:8000/?a=b"},
		{" -- HINT=2", "", "HINT", "1"}, // make itself passes it in the environment
		{" -- EX=a＝b", "", "HINT", "1"},
	} {
		t.Setenv("HINT", "1")
		t.Setenv("MAKEFLAGS", c.makeFlags)
		t.Setenv(foreign.WideVariable, c.wide)
		if got := foreign.Getenv(c.name); got != c.want {
			t.Errorf("MAKEFLAGS=%q, wide %q: %s is %q, want %q", c.makeFlags, c.wide, c.name, got, c.want)
		}
	}
}

func TestVariablesOfOtherProgramsAreIgnored(t *testing.T) {
	machine, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, value, makeFlags string
		read                   bool
	}{
		{"HOST", "x86_64-conda-linux-gnu", "", false},
		{"HOST", "annas-mac.local", " -- HOST=annas-mac.local", false},
		{"HOST", "0.0.0.0", "", true},
		{"NAME", machine, "", false},
		{"NAME", strings.ToUpper(machine), "w -- BOARD=x", false},
		{"NAME", machine, "w -- BOARD=x NAME=" + machine, true},
		{"NAME", "ada", "", true},
		{"BOARD", "nucleo_f401re", "", false},
		{"BOARD", "nucleo_f401re", " -- BOARD=nucleo_f401re", true},
		{"BOARD", "192.168.1.20:5050/k7f3qz", "", true},
		{"URL", "http://127.0.0.1:8000", "", false},
		{"URL", "http://127.0.0.1:8000", " -- REDIS_URL=x", false},
		{"URL", "http://127.0.0.1:8000", "URL=http://127.0.0.1:8000", true},
	} {
		t.Setenv(c.name, c.value)
		t.Setenv("MAKEFLAGS", c.makeFlags)
		if got := foreign.Getenv(c.name); (got == c.value) != c.read || (foreign.Why(c.name).EN == "") != c.read {
			t.Errorf("%s=%s, with MAKEFLAGS=%q: %q, because %q", c.name, c.value, c.makeFlags, got, foreign.Why(c.name))
		}
		t.Setenv(c.name, "")
		if why := foreign.Why(c.name); why.EN != "" {
			t.Errorf("%s is not set, and Why says %s", c.name, why)
		}
	}
}
