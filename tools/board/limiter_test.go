package board

import (
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestTheRightCodePassesAfterWrongOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l limiter
		for i := range maxWrong {
			if v := l.judge(fmt.Sprintf("192.0.2.1:%d", 1000+i), false); v != wrong {
				t.Fatalf("guess %d: %v", i, v)
			}
		}
		began := time.Now()
		if v := l.judge("192.0.2.1:9", true); v != right || time.Since(began) > 0 {
			t.Errorf("the right code: %v after %v", v, time.Since(began))
		}
		for _, address := range []string{"192.0.2.1:9", "[::ffff:192.0.2.1]:9"} {
			began = time.Now()
			if v := l.judge(address, false); v != tooMany || time.Since(began) != slowFor {
				t.Errorf("a wrong code of %s: %v after %v", address, v, time.Since(began))
			}
		}
		for _, address := range []string{"192.0.2.2:9", "[2001:db8::1]:9"} {
			if v := l.judge(address, false); v != wrong {
				t.Errorf("another address, %s: %v", address, v)
			}
		}
		time.Sleep(limitFor)
		if v := l.judge("192.0.2.1:9", false); v != wrong {
			t.Errorf("after %v: %v", limitFor, v)
		}
	})
}

// flood sends more wrong codes at once than may wait, and returns how many of them
// waited.
func flood(l *limiter, address string) (judged *atomic.Int64) {
	judged = new(atomic.Int64)
	for range 3 * maxSlow {
		go func() {
			began := time.Now()
			if l.judge(address, false); time.Since(began) > 0 {
				judged.Add(1)
			}
		}()
	}
	synctest.Wait()
	return judged
}

func TestAnAddressCanTryAHundredCodesASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l limiter
		for range maxWrong {
			l.judge("192.0.2.1:1", false)
		}
		judged := flood(&l, "192.0.2.1:2")
		if v := l.judge("192.0.2.1:3", true); v != tooMany {
			t.Errorf("while %d wait, the answer to the right code is %v", maxSlow, v)
		}
		if v := l.judge("192.0.2.2:3", true); v != right {
			t.Errorf("another address: %v", v)
		}
		time.Sleep(slowFor)
		synctest.Wait()
		if n := judged.Load(); n != maxSlow {
			t.Errorf("%d waited, want %d", n, maxSlow)
		}
		if v := l.judge("192.0.2.1:3", true); v != right {
			t.Errorf("a second later: %v", v)
		}
	})
}

// A machine with one IPv6 address has very many.
func TestAnIPv6NetworkCountsAsOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l limiter
		for i := range maxWrong {
			l.judge(fmt.Sprintf("[2001:db8::%x]:1000", i), false)
		}
		if v := l.judge("[2001:db8::ffff%eth0]:1000", false); v != tooMany {
			t.Errorf("another address of the network: %v", v)
		}
		if v := l.judge("[2001:db8:0:1::1]:1000", false); v != wrong {
			t.Errorf("another network: %v", v)
		}
	})
}
