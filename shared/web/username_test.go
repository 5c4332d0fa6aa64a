package web

import (
	"strings"
	"testing"
)

func TestNamesThatLookTheSameAreTheSame(t *testing.T) {
	const (
		family  = "👨‍👩‍👧"
		persian = "می‌خواهم"
		hindi   = "क्‍ष"
		wales   = "🏴\U000E0067\U000E0062\U000E0077\U000E006C\U000E0073\U000E007F"
	)
	for typed, want := range map[string]string{
		"ada\u200b": "ada", "\ufeffada": "ada", "a\u2060d\u00ada": "ada", "a\u034fda": "ada", "a\u180eda": "ada",
		"\u202eada\u202c": "ada", "\u2066ada\u2069": "ada", "ada\u200e\u061c": "ada", "ada\ufe0f": "ada", "ada\U000E0101": "ada",
		"ada\u3164": "ada", "\u115fada\u1160\uffa0": "ada", "ada\u2800": "ada", "ada\U000E0061\U000E007F": "ada", "ada\ufffc": "ada",
		"a\u200dda\u200c": "ada", "ada" + strings.Repeat("\u200b", 20_000): "ada", "ada\u200b\t": "ada",
		"ada\u00a0\u3000 lovelace": "ada lovelace", "ada \u200b lovelace": "ada lovelace", "\u2003ada\u2028lovelace ": "ada lovelace",
		"Zoe\u0308": "Zoë", "\u1100\u1161": "가", "e\u200b\u0301": "é",
		family: family, "❤️": "❤️", "🏳️‍🌈": "🏳️‍🌈", "👩🏽‍💻": "👩🏽‍💻", "1️⃣": "1️⃣", "🙂‍↔️": "🙂‍↔️", "👁️‍🗨️ ada": "👁️‍🗨️ ada", wales: wales, "🇯🇵": "🇯🇵",
		"👩‍": "👩", "😀️": "😀", "👩\u200b\u200d\u200d💻": "👩‍💻", "🏴\U000E0061\U000E0062\U000E007F": "🏴", "❤\u200b️": "❤️",
		persian: persian, persian + "\u200c": persian, "دا\u200cنا": "دانا", hindi: hindi, "क\u200dक": "कक", family + " " + persian: family + " " + persian,
		"\u06ddada": "\u06ddada",
	} {
		name, problem := CheckName(typed)
		if name != want || problem.EN != "" {
			t.Errorf("%+q: %+q %s, want %+q", typed[:min(len(typed), 60)], name, problem, want)
		}
		if again, _ := CheckName(name); again != name {
			t.Errorf("%+q checked again is %+q", name, again)
		}
	}
}

func TestInvalidNamesAreRefused(t *testing.T) {
	const blank, long, control = "Type a name.", "too long", "cannot be seen"
	for typed, want := range map[string]string{
		"": blank, " \u00a0\u3000": blank, "\u200b": blank, "\ufe0f": blank, "\u3164": blank, "\u2800 \u2800": blank, "\u200d\u200c": blank, "\u0301": blank,
		"\U000E0067\U000E0062": blank, "\u202e": blank, "\u00ad\u2060\ufeff": blank,
		strings.Repeat("x", 65): long, strings.Repeat("x", 1<<20): long, strings.Repeat("\u0301", 40) + "x": long,
		"می" + strings.Repeat("\u200cم", 20_000): long, "x" + strings.Repeat(" ", 60_000) + "y": long,
		"a\nb": control, "a\x00": control, "\x7fa": control, "a\u0085b": control, "a\u200b\tb": control, "a\xffb": control,
	} {
		if name, problem := CheckName(typed); name != "" || !strings.Contains(problem.EN, want) {
			t.Errorf("%+q: %+q %q, want %q", typed[:min(len(typed), 60)], name, problem, want)
		}
	}
}

func TestTheLengthIsThatOfTheName(t *testing.T) {
	for typed, want := range map[string]string{
		strings.Repeat("x\u200b", 64):      strings.Repeat("x", 64),
		strings.Repeat("e\u0301", 32):      strings.Repeat("é", 32),
		strings.Repeat("\u1100\u1161", 21): strings.Repeat("가", 21),
	} {
		if name, problem := CheckName(typed); name != want {
			t.Errorf("%+q is %+q: %s", typed, name, problem)
		}
	}
}

func FuzzANameStaysItself(f *testing.F) {
	for _, seed := range []string{"ada\u200b", "👁️‍🗨️", "می\u200cخ", "क्\u200dष", "1️⃣", strings.Repeat("\u0301", 31), " \u034f\u0301 x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		name, problem := CheckName(typed)
		if problem.EN != "" {
			return
		}
		if again, problem := CheckName(name); again != name || len(name) > maxUsername {
			t.Errorf("%+q is %+q, and that is %+q %s", typed, name, again, problem)
		}
	})
}
