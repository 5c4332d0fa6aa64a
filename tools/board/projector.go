package board

import (
	"context"
	"fmt"
	"html/template"
	"strings"
	"time"
	"unicode"

	"rsc.io/qr"

	"example.com/session-workshop/shared/lang"
)

// quietZone is the width of the light margin around a QR code in modules
// (ISO/IEC 18004).
const quietZone = 4

// qrCode returns an SVG image of a QR code, with a label for screen readers. Its text is
// an address, which is far shorter than the longest text that a QR code can hold.
func qrCode(text, label string) template.HTML {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return ""
	}
	size := code.Size + 2*quietZone
	var path strings.Builder
	for y := range code.Size {
		for x := range code.Size {
			if code.Black(x, y) {
				fmt.Fprintf(&path, "M%d %dh1v1h-1z", x+quietZone, y+quietZone)
			}
		}
	}
	return template.HTML(fmt.Sprintf(`<svg class="qr" role="img" aria-label="%s" viewBox="0 0 %d %[2]d">`+
		`<path fill="#fff" d="M0 0h%[2]dv%[2]dH0z"/><path fill="#000" d="%s"/></svg>`, template.HTMLEscapeString(label), size, path.String()))
}

// Lang is "ja" for a name with Japanese characters, so that a browser takes all of
// them from one Japanese font. It is empty for any other name: Latin letters do not show
// the language of a name, and on a Japanese page all letters have one font too.
func (l learner) Lang() string {
	if strings.ContainsFunc(l.Name, func(r rune) bool { return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) }) {
		return "ja"
	}
	return ""
}

const (
	// maxCountdown is in minutes.
	maxCountdown = 120
	// overFor is how long the board says that the time is over.
	overFor = 2 * time.Minute
)

// countdown makes the board count down from now. It stops a countdown if minutes is
// not between 1 and maxCountdown.
func (r *room) countdown(ctx context.Context, minutes int) error {
	if minutes < 1 || minutes > maxCountdown {
		return r.rdb.HDel(ctx, settingsKey, "until").Err()
	}
	until := time.Now().Add(time.Duration(minutes) * time.Minute)
	return r.rdb.HSet(ctx, settingsKey, "until", until.UnixMilli()).Err()
}

// Countdown is when the time to build ends, as the page shows it without JavaScript.
// It is empty if there is no countdown, or if it ended some time ago.
func (s snapshot) Countdown() lang.Text {
	switch {
	case time.Since(s.Until) > overFor:
		return lang.Text{}
	case time.Since(s.Until) > 0:
		return lang.T("build: 0:00", "作る時間: 0:00")
	}
	return lang.T("build: until %s", "作る時間: %s まで", s.Until.Format("15:04:05"))
}
