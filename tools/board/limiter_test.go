package board

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func TestWhoGuessedCanJoinAMinuteLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l limiter
		for i := range maxWrong {
			if v := l.judge(fmt.Sprintf("192.0.2.1:%d", 1000+i), false); v != wrong {
				t.Fatalf("guess %d: %v", i, v)
			}
		}
		for address, expected := range map[string]verdict{
			"192.0.2.1:9": tooMany, "[::ffff:192.0.2.1]:9": tooMany, "192.0.2.2:9": right, "[2001:db8::1]:9": right,
		} {
			if v := l.judge(address, true); v != expected {
				t.Errorf("%s: %v, want %v", address, v, expected)
			}
		}
		time.Sleep(limitFor)
		if v := l.judge("192.0.2.1:9", true); v != right {
			t.Errorf("after %v: %v", limitFor, v)
		}
	})
}

// Whoever has an IPv6 address has very many.
func TestAnIPv6NetworkCountsAsOne(t *testing.T) {
	var l limiter
	for i := range maxWrong {
		l.judge(fmt.Sprintf("[2001:db8::%x]:1000", i), false)
	}
	if v := l.judge("[2001:db8::ffff%eth0]:1000", true); v != tooMany {
		t.Errorf("another address of the network: %v", v)
	}
	if v := l.judge("[2001:db8:0:1::1]:1000", true); v != right {
		t.Errorf("another network: %v", v)
	}
}
